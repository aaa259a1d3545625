package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"doks-security/test/child"
	"doks-security/test/live/needs"
)

// Options place a node.
type Options struct {
	// Dir holds everything it writes; it must not exist, and is removed by Stop. Keep it short: it holds sockets.
	Dir string
	// Name is that of the Node, which exists or is made by the kubelet.
	Name string
	// APIServer is kube-apiserver's host:port on this machine, Kubeconfig a file that logs in there as cluster-admin.
	APIServer, Kubeconfig string
	Kubelet               Kubelet
	Binaries              Binaries
	// Programs are what images run, by image; others run a stand-in.
	Programs map[string]Program
}

// Node is a running one.
type Node struct {
	dir   string
	child *child.Process
	api   net.Listener
}

// Start runs a node and returns when its kubelet and its container runtime run; the Node is Ready soon after.
func Start(ctx context.Context, o Options) (_ *Node, err error) {
	if err := needs.Check(); err != nil {
		return nil, err
	}
	plugins, err := needs.PluginDir()
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(o.Dir, 0o755); err != nil { // every user's containers look into it
		return nil, fmt.Errorf("starting the node: %w", err)
	}
	s := spec{Dir: o.Dir, Name: o.Name, APIServer: o.APIServer, Kubeconfig: o.Kubeconfig, Kubelet: o.Kubelet,
		Binaries: o.Binaries, Plugins: plugins, Programs: o.Programs}
	text, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(s.path(specFile), text, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("starting the node: %w", errors.Join(err, os.RemoveAll(o.Dir)))
	}
	n := &Node{dir: o.Dir}
	if n.api, err = net.Listen("unix", s.path(apiSocket)); err != nil {
		return nil, fmt.Errorf("starting the node: %w", errors.Join(err, os.RemoveAll(o.Dir)))
	}
	go forward(n.api, "tcp", o.APIServer)
	if err := n.run(); err != nil {
		return nil, fmt.Errorf("starting the node: %w", errors.Join(err, n.api.Close(), os.RemoveAll(o.Dir)))
	}
	if err := n.child.Ready(ctx, s.path(readyFile), startTime); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the node: %w%s", err, n.logTail()), n.Stop())
	}
	return n, nil
}

func (n *Node) run() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := exec.Command(self, ChildCommand, filepath.Join(n.dir, specFile))
	isolate(command)
	n.child, err = child.Start(command, filepath.Join(n.dir, logFile))
	return err
}

// logTail is the end of the logs of the node and its services.
func (n *Node) logTail() string {
	var text strings.Builder
	for _, name := range []string{logFile, "containerd.log", "kubelet.log", "kube-proxy.log"} {
		log, err := os.ReadFile(filepath.Join(n.dir, name))
		if log = bytes.TrimSpace(log); err == nil && len(log) > 0 {
			lines := strings.Split(string(log), "\n")
			fmt.Fprintf(&text, "\n%s:\n%s", name, strings.Join(lines[max(0, len(lines)-5):], "\n"))
		}
	}
	return text.String()
}

// Dir holds its files: the logs of its services among them.
func (n *Node) Dir() string { return n.dir }

// Stop ends the node, with all its containers, and removes its files and cgroups.
func (n *Node) Stop() error {
	n.child.Stop(context.Background(), stopTime)
	_ = n.api.Close() // its file goes with the directory
	if err := errors.Join(removeCgroups(cgroupOf(n.dir)), os.RemoveAll(n.dir)); err != nil {
		return fmt.Errorf("removing the node's files: %w", err)
	}
	return nil
}

// cgroupOf is the cgroup of a node: the parent of its pods'.
func cgroupOf(dir string) string {
	return "/rehearsal-" + filepath.Base(filepath.Dir(dir))
}
