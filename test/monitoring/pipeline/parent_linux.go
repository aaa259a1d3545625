package pipeline

import "syscall"

// endWithParent ends a program when the test that started it is killed.
func endWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGKILL }
