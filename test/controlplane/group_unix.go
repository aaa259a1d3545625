//go:build unix

package controlplane

import (
	"os/exec"
	"syscall"
)

func separateGroup(child *exec.Cmd) { child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
