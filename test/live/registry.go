package live

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// registryAddress is where the node's containerd finds every image.
const registryAddress = "127.0.0.1:5000"

// registry has every image that it is asked for: it makes it, of the program if this machine has it, otherwise of a
// stand-in for the pods that name it.
type registry struct {
	dir      string // of the blobs
	standIn  string
	programs map[string]Program // by image
	client   kubernetes.Interface

	mu   sync.Mutex // an image is made once at a time
	made map[string]digest.Digest
}

// serve listens until the process ends.
func (r *registry) serve() error {
	listener, err := net.Listen("tcp", registryAddress)
	if err != nil {
		return fmt.Errorf("serving images: %w", err)
	}
	go func() { _ = http.Serve(listener, r) }()
	return nil
}

// ServeHTTP answers as https://github.com/opencontainers/distribution-spec has it, as far as containerd asks. The
// registry that an image is of is in the query: a mirror is asked in its place.
func (r *registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	name, file, isManifest := strings.Cut(strings.TrimPrefix(request.URL.Path, "/v2/"), "/manifests/")
	if !isManifest {
		_, file, _ = strings.Cut(request.URL.Path, "/blobs/")
		r.send(w, request, file, "application/octet-stream")
		return
	}
	if !strings.Contains(file, ":") { // a tag, no digest
		made, err := r.make(request.Context(), request.URL.Query().Get("ns")+"/"+name+":"+file)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		file = made.String()
	}
	w.Header().Set("Docker-Content-Digest", file)
	r.send(w, request, file, v1.MediaTypeImageManifest)
}

func (r *registry) send(w http.ResponseWriter, request *http.Request, file, mediaType string) {
	d, err := digest.Parse(file)
	if err != nil {
		http.NotFound(w, request) // also the question whether this is a registry
		return
	}
	content, err := os.Open(blob(r.dir, d))
	if err != nil {
		http.NotFound(w, request)
		return
	}
	defer content.Close()
	info, err := content.Stat()
	if err != nil {
		http.NotFound(w, request)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	http.ServeContent(w, request, "", info.ModTime(), content)
}

// make makes an image. That of a stand-in is made again for each request: other pods may have come that name it.
func (r *registry) make(ctx context.Context, image string) (digest.Digest, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.programs[image]
	if !ok {
		pods, err := r.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
		if err != nil {
			return "", fmt.Errorf("listing the pods that name %s: %w", image, err)
		}
		return standInImage(r.dir, r.standIn, usesOf(image, pods.Items))
	}
	if made, ok := r.made[image]; ok {
		return made, nil
	}
	made, err := realImage(r.dir, p)
	if err == nil {
		r.made[image] = made
	}
	return made, err
}
