package needs

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// room is what a rehearsal of the sample dev takes below the temporary directory, in bytes, and what the kubelet leaves
// free before it evicts pods.
const room = 3 << 30

// longest is how many characters TMPDIR may have: a socket's path has 107, and those of a rehearsal some 45 below it.
const longest = 60

// namespaces tries to run a process in namespaces of its own, as the node runs.
func namespaces() error {
	try := exec.Command("true")
	try.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID}
	return try.Run()
}

// space checks that images and volumes fit, and the paths of sockets.
func space() error {
	if dir := os.TempDir(); len(dir) > longest {
		return fmt.Errorf("TMPDIR=%s has %d characters; allowed: %d, it holds sockets; fix: TMPDIR=/tmp make rehearse LIVE=1",
			dir, len(dir), longest)
	}
	var stat syscall.Statfs_t
	if err := syscall.Statfs(os.TempDir(), &stat); err != nil {
		return fmt.Errorf("the free space of %s: %w", os.TempDir(), err)
	}
	if free := int64(stat.Bavail) * stat.Bsize; free < room {
		return fmt.Errorf("TMPDIR=%s has %.1f GiB free; allowed: %d GiB and more; fix: free some, or set TMPDIR to another "+
			"directory", os.TempDir(), float64(free)/(1<<30), room>>30)
	}
	return nil
}
