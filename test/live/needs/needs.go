// Package needs checks what a machine must have to run the pods of a rehearsal, before anything is compiled or started.
package needs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
)

// commands are what the node runs, with the Debian package of each.
var commands = []struct{ name, pkg string }{
	{"containerd", "containerd"}, {"ctr", "containerd"}, {"runc", "runc"}, {"ip", "iproute2"}, {"nft", "nftables"},
}

// plugins are those of CNI that connect pods.
var plugins = []string{"host-local", "loopback", "ptp"}

// pluginDirs are where distributions and the plugins' own releases have them.
var pluginDirs = []string{"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"}

// Check returns all that is missing, each with how to fix it; nil when pods can run here.
func Check() error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("LIVE=1 on %s: allowed: Linux; fix: run it in a virtual machine with Linux, or use kind: "+
			"docs/rehearsing.md", runtime.GOOS)
	}
	var missing []error
	if os.Geteuid() != 0 {
		missing = append(missing, fmt.Errorf("user id %d: allowed: 0, the kubelet and runc mount file systems; fix: run "+
			"it as root", os.Geteuid()))
	} else if err := namespaces(); err != nil {
		missing = append(missing, fmt.Errorf("new namespaces: %w; fix: run it on a machine of its own, or in a container "+
			"that is privileged", err))
	}
	for _, c := range commands {
		if _, err := exec.LookPath(c.name); err != nil {
			missing = append(missing, fmt.Errorf("%s is not on PATH; fix: apt-get install %s", c.name, c.pkg))
		}
	}
	if _, err := PluginDir(); err != nil {
		missing = append(missing, err)
	}
	return errors.Join(append(missing, space())...)
}

// PluginDir is the directory of CNI's plugins.
func PluginDir() (string, error) {
	for _, dir := range pluginDirs {
		if !slices.ContainsFunc(plugins, func(plugin string) bool {
			_, err := os.Stat(filepath.Join(dir, plugin))
			return err != nil
		}) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("CNI's plugins %v are in none of %v; fix: apt-get install containernetworking-plugins",
		plugins, pluginDirs)
}
