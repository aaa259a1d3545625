package live

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// namePinned gives images the names under which pods pin them by digest: those of the published images, which what is
// made here cannot have. A pull of such a name fails; the kubelet finds the image when it tries again.
func namePinned(s spec, p *processes, client kubernetes.Interface) {
	named := map[string]bool{}
	for ; ; time.Sleep(time.Second) {
		pods, err := client.CoreV1().Pods("").List(context.Background(), metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			continue
		}
		for _, image := range pinned(pods.Items) {
			if named[image] {
				continue
			}
			named[image] = true
			if err := name(s, p, image); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
	}
}

// pinned are the images with a digest.
func pinned(pods []corev1.Pod) []string {
	var images []string
	for _, pod := range pods {
		for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
			if strings.Contains(c.Image, "@") {
				images = append(images, c.Image)
			}
		}
	}
	return images
}

func name(s spec, p *processes, image string) error {
	ref, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return fmt.Errorf("the image %s: %w", image, err)
	}
	_, digest, _ := strings.Cut(image, "@")
	const namespace = "--namespace=k8s.io" // that of containerd's CRI
	if err := p.run("ctr", "ctr", namespace, "images", "pull", "--hosts-dir", s.path("registries"),
		normalize(image)); err != nil {
		return err
	}
	return p.run("ctr", "ctr", namespace, "images", "tag", "--force", normalize(image), ref.Name()+"@"+digest)
}
