package capture

import (
	"encoding/binary"
	"strings"
)

// Process is a process with one thread.
type Process struct {
	PID, Parent int64
	// VPID is its number inside of its container; PID when it is zero.
	VPID int64
	// Name is what the kernel calls it: the first 15 bytes are kept.
	Name string
	// Exe is its first argument, Args are the others.
	Exe, ExePath string
	Args, Env    []string
	// Container is the ID of its container, 12 hexadecimal digits, or empty on the host.
	Container string
}

const maxName = 15

func (p Process) name() string { return p.Name[:min(len(p.Name), maxName)] }

func (p Process) vpid() int64 {
	if p.VPID == 0 {
		return p.PID
	}
	return p.VPID
}

// cgroups is the process's control group as containerd names it for the kubelet.
func (p Process) cgroups() []byte {
	group := "/system.slice/containerd.service"
	if p.Container != "" {
		group = "/kubepods.slice/cri-containerd-" + p.Container + strings.Repeat("0", 64-len(p.Container)) + ".scope"
	}
	return texts([]string{"memory=" + group})
}

// entry is the process in the list of those that run when the capture begins.
func (p Process) entry() []byte {
	var e entry
	e.numbers(8, p.PID, p.PID, p.Parent, 0, 0) // thread, process, parent, session, process group
	for _, text := range [][]byte{[]byte(p.name()), []byte(p.Exe), []byte(p.ExePath), texts(p.Args), []byte("/")} {
		e.text(text)
	}
	e.numbers(8, 1024)             // limit of open files
	e.numbers(4, 0, 0, 0, 0, 0, 0) // flags, user, group, memory: size, resident, swap
	e.numbers(8, 0, 0)             // page faults: major, minor
	e.text(texts(p.Env))
	e.numbers(8, p.vpid(), p.vpid()) // thread and process inside of the container
	e.text(p.cgroups())
	e.text([]byte("/"))   // root
	e.numbers(8, 0)       // start of the PID namespace
	e.numbers(4, 0, -1)   // terminal, login user
	e.numbers(1, 0)       // the executable is writable
	e.numbers(8, 0, 0, 0) // capabilities: inheritable, permitted, effective
	e.numbers(1, 0)       // the executable is in the upper layer
	e.numbers(8, 0, 0, 0) // its inode, and when that was changed and written
	e.numbers(1, 0, 0)    // it is from memory, it is in the lower layer
	e.numbers(8, 0)       // process group
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(e)+4)), e...)
}

type entry []byte

// numbers appends numbers of a width in bytes.
func (e *entry) numbers(width int, numbers ...int64) {
	for _, n := range numbers {
		*e = append(*e, number(width, n)...)
	}
}

func (e *entry) text(text []byte) {
	e.numbers(2, int64(len(text)))
	*e = append(*e, text...)
}

func number(width int, n int64) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(n))[:width]
}

// texts ends each text with a zero byte.
func texts(all []string) []byte {
	var joined []byte
	for _, text := range all {
		joined = append(append(joined, text...), 0)
	}
	return joined
}

func text(s string) []byte { return texts([]string{s}) }
