package capture

import (
	"encoding/json"
	"fmt"
	"time"
)

// Codes of events, of which the format has two for most system calls: that of its end is used.
const (
	socketEvent   = 19
	cloneEvent    = 223
	execveEvent   = 293
	execveatEvent = 331
	asyncEvent    = 402
)

// Container is what the container plugin knows of a container. Without a repository it knows no image.
type Container struct {
	ID, Repository, Digest string
	Namespace, Pod         string
	Privileged             bool
}

// Container writes the event that carries the metadata of a container from the container plugin.
func (c *Capture) Container(at time.Time, container Container) error {
	image := ""
	if container.Repository != "" {
		image = container.Repository + ":tag"
	}
	metadata, err := json.Marshal(map[string]any{"container": map[string]any{
		"type": 7, "id": container.ID, "name": "main", "image": image,
		"imagerepo": container.Repository, "imagetag": "tag", "imagedigest": container.Digest,
		"privileged": container.Privileged, "is_pod_sandbox": false,
		"labels": map[string]string{
			"io.kubernetes.pod.namespace": container.Namespace, "io.kubernetes.pod.name": container.Pod,
		},
	}})
	if err != nil {
		return fmt.Errorf("metadata of a container: %w", err)
	}
	c.event(largeEventBlock, at, 1, asyncEvent, number(4, 0), text("container"), append(metadata, 0))
	return nil
}

// Clone writes the start of a process, as the process itself sees it.
func (c *Capture) Clone(at time.Time, p Process) {
	const inPIDNamespace = 1 << 29 // PPM_CL_CHILD_IN_PIDNS
	flags := int64(0)
	if p.Container != "" {
		flags = inPIDNamespace
	}
	c.event(eventBlock, at, p.PID, cloneEvent, append(p.started(0),
		number(4, flags), number(4, 0), number(4, 0), // user, group
		number(8, p.vpid()), number(8, p.vpid()), number(8, 0))...)
}

// Exec writes the execution of a program by execve, or execveat. The process must have been started.
func (c *Capture) Exec(at time.Time, p Process, execveat bool) {
	parameters := append(p.started(0),
		texts(p.Env), number(4, 0), number(8, 0), number(4, -1), number(4, 0), // terminal, process group, login user, flags
		number(8, 0), number(8, 0), number(8, 0), // capabilities
		number(8, 0), number(8, 0), number(8, 0), // inode, changed, written
		number(4, 0), text(p.ExePath), number(8, 0), number(4, 0)) // user, path, process group, group
	if execveat {
		c.event(eventBlock, at, p.PID, execveatEvent, parameters...)
		return
	}
	c.event(eventBlock, at, p.PID, execveEvent, append(parameters, text(p.ExePath))...)
}

// started are the parameters that events of new processes and programs begin with.
func (p Process) started(result int64) [][]byte {
	return [][]byte{
		number(8, result), text(p.Exe), texts(p.Args), number(8, p.PID), number(8, p.PID), number(8, p.Parent),
		text("/"), number(8, 1024), number(8, 0), number(8, 0), // directory, limit of files, page faults
		number(4, 0), number(4, 0), number(4, 0), // memory
		text(p.name()), p.cgroups(),
	}
}

// Domains of sockets.
const (
	Inet   = 2  // AF_INET
	Packet = 17 // AF_PACKET
)

// Socket writes the creation of a socket, as Falco 0.43 writes it: 0.44, which adds flags, reads that too.
func (c *Capture) Socket(at time.Time, pid int64, domain int64) {
	c.event(eventBlock, at, pid, socketEvent, number(8, 3), number(4, domain), number(4, 3), number(4, 0))
}
