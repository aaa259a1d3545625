package needs

import (
	"os/exec"
	"syscall"
)

// namespaces tries to run a process in namespaces of its own, as the node runs.
func namespaces() error {
	try := exec.Command("true")
	try.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID}
	return try.Run()
}
