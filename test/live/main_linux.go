package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/opencontainers/go-digest"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// Main is the node's process, the first in its namespaces: its end ends all others. It runs until its standard input
// ends, which it does with its parent, however that dies. It returns the exit code.
func Main(args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "usage:", ChildCommand, "FILE")
		return 2
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	var s spec
	text, err := os.ReadFile(args[0])
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err == nil {
		err = serve(s)
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// serve runs the node until one of its services ends.
func serve(s spec) error {
	if err := errors.Join(mounts(s), network(), makeCgroups(cgroupOf(s.Dir)), configure(s)); err != nil {
		return err
	}
	if err := startForwarding(s); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := (&resolver{client}).serve(); err != nil {
		return err
	}
	if err := startDialing(s, &resolver{client}); err != nil {
		return err
	}
	images := &registry{dir: s.path("blobs"), standIn: s.Binaries.StandIn, programs: s.Programs, client: client,
		made: map[string]digest.Digest{}}
	if err := images.serve(); err != nil {
		return err
	}
	p := &processes{dir: s.Dir, services: map[int]string{}, commands: map[int]chan int{}}
	if err := p.serve("containerd", "containerd", "--config", s.path("containerd.toml")); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if err := awaitSocket(ctx, containerdSocket); err != nil {
		return err
	}
	err = errors.Join(
		p.serve("kubelet", s.Binaries.Kubelet, "--config", s.path("kubelet.yaml"),
			"--kubeconfig", s.Kubelet.Kubeconfig, "--hostname-override", s.Name, "--node-ip", NodeIP),
		p.serve("kube-proxy", s.Binaries.KubeProxy, "--config", s.path("kube-proxy.yaml")),
		os.WriteFile(s.path(readyFile), nil, 0o600))
	if err != nil {
		return err
	}
	go namePinned(s, p, client)
	return p.reap()
}

func awaitSocket(ctx context.Context, file string) error {
	for {
		if _, err := os.Stat(file); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not there: %w", file, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// mounts gives the node a view of the file system of its own: /proc of its processes, and empty directories in place of
// those that a node of this machine would use.
func mounts(s spec) error {
	const nothing = uintptr(0)
	err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	// Containers that want to see later mounts of the node need a root that is shared.
	err = errors.Join(err, syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""),
		syscall.Mount("proc", "/proc", "proc", nothing, ""), syscall.Mount("tmpfs", "/run", "tmpfs", nothing, "mode=0755"))
	for name, target := range map[string]string{
		"kubelet": "/var/lib/kubelet", "log": "/var/log", "cni": "/var/lib/cni",
	} {
		source := s.path(name)
		err = errors.Join(err, os.Mkdir(source, 0o755), os.MkdirAll(target, 0o755),
			syscall.Mount(source, target, "", syscall.MS_BIND, ""))
	}
	return errors.Join(err, os.Mkdir(s.path("blobs"), 0o700))
}
