package live

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// isolate gives a process its namespaces. Ctrl-C in the terminal is the parent's to handle.
func isolate(child *exec.Cmd) {
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Setpgid:    true,
	}
}

// makeCgroups makes a cgroup in every hierarchy: one, or one for each controller.
func makeCgroups(name string) error {
	const root = "/sys/fs/cgroup"
	if _, err := os.Stat(root + "/cgroup.controllers"); err == nil {
		// Those that are missing are named by the kubelet.
		_ = os.WriteFile(root+"/cgroup.subtree_control", []byte("+cpu +cpuset +io +memory +pids"), 0o600)
		return os.Mkdir(root+name, 0o755)
	}
	hierarchies, err := filepath.Glob(root + "/*/cgroup.procs")
	for _, hierarchy := range hierarchies {
		err = errors.Join(err, os.Mkdir(filepath.Dir(hierarchy)+name, 0o755))
	}
	return err
}

// removeCgroups removes a cgroup and those below it, of every hierarchy. Their processes have ended.
func removeCgroups(name string) error {
	roots, err := filepath.Glob("/sys/fs/cgroup/*" + name)
	if err != nil {
		return err
	}
	roots = append(roots, "/sys/fs/cgroup"+name)
	var all error
	for _, root := range roots {
		var dirs []string
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, path)
			}
			return err
		})
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			all = errors.Join(all, err)
		}
		for _, dir := range slices.Backward(dirs) { // the deepest first
			all = errors.Join(all, removeCgroup(dir))
		}
	}
	return all
}

// removeCgroup waits for the kernel to take the last process out.
func removeCgroup(dir string) error {
	var err error
	for range 50 {
		if err = os.Remove(dir); !errors.Is(err, syscall.EBUSY) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
