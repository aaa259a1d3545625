package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"doks-security/rules/capture"
)

// recordable are the fields that a capture can be made of.
var recordable = []string{
	"evt.type", "evt.arg.domain", "container.id", "container.image.repository", "container.image.digest",
	"container.privileged", "k8s.ns.name", "k8s.pod.name", "proc.name", "proc.exe", "proc.exepath", "proc.args",
	"proc.env", "proc.vpid", "proc.duration", "proc.pname", "proc.pexepath", "proc.aargs[1]", "proc.apid[2]",
}

// recordable is true of an event that a capture can be made of.
func (e Event) recordable() bool {
	for field, values := range e {
		if !slices.Contains(recordable, field) || len(values) != 1 {
			return false
		}
	}
	domain := e.text("evt.arg.domain")
	return slices.Contains([]string{"execve", "execveat", "container"}, e.text("evt.type")) ||
		e.text("evt.type") == "socket" && (domain == "AF_PACKET" || domain == "AF_INET")
}

// text is the value of a field that has one, or empty.
func (e Event) text(field string) string {
	if len(e[field]) == 0 {
		return ""
	}
	return e[field][0]
}

func (e Event) number(field string, otherwise int64) (int64, error) {
	text := e.text(field)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", field, err)
	}
	return n, nil
}

// words splits what Falco joins with spaces.
func (e Event) words(field string) []string {
	if e.text(field) == "" {
		return nil
	}
	return strings.Split(e.text(field), " ")
}

// Processes of a recording: the first, one whose children are no init of a container, and from where those of events
// begin: each event has a parent and a process.
const (
	initPID    = 1
	shellPID   = 2
	firstPID   = 1000
	pidsOfOne  = 2
	eventPause = time.Hour // longer than any process of a case runs
)

var recordingStart = time.Unix(1700000000, 0)

// at is when an event of a recording happens.
func at(i int) time.Time { return recordingStart.Add(time.Duration(i+1) * eventPause) }

// record writes a capture of events, each with its processes and its container.
func record(events []Event) ([]byte, error) {
	running := []capture.Process{
		{PID: initPID, Name: "systemd", Exe: "/sbin/init", ExePath: "/usr/lib/systemd/systemd"},
		{PID: shellPID, Parent: initPID, Name: "shell", Exe: "shell", ExePath: "/usr/bin/shell"},
	}
	for i, e := range events {
		grandparent, err := e.number("proc.apid[2]", shellPID)
		if err != nil {
			return nil, err
		}
		running = append(running, capture.Process{
			PID: firstPID + int64(i)*pidsOfOne, Parent: grandparent, Name: e.text("proc.pname"),
			Exe: e.text("proc.pexepath"), ExePath: e.text("proc.pexepath"), Args: e.words("proc.aargs[1]"),
		})
	}
	c := capture.New(running...)
	c.Clone(recordingStart, running[1]) // to Falco, containers before any other event were there before the capture
	for i, e := range events {
		if err := e.record(c, i); err != nil {
			return nil, err
		}
	}
	return c.Bytes(), nil
}

// record writes an event after what must have happened before.
func (e Event) record(c *capture.Capture, i int) error {
	parent := firstPID + int64(i)*pidsOfOne
	vpid, err := e.number("proc.vpid", 0)
	if err != nil {
		return err
	}
	lasts, err := e.number("proc.duration", int64(time.Second))
	if err != nil {
		return err
	}
	process := capture.Process{
		PID: parent + 1, Parent: parent, VPID: vpid, Name: e.text("proc.name"), Exe: e.text("proc.exe"),
		ExePath: e.text("proc.exepath"), Args: e.words("proc.args"), Env: e.words("proc.env"),
	}
	if process.Exe == "" {
		process.Exe = process.ExePath
	}
	if id := e.text("container.id"); id != "" && id != "host" {
		process.Container = fmt.Sprintf("%012x", i+1) // of its own: each event has its metadata
	}
	when, started := at(i), at(i).Add(-time.Duration(lasts))
	repository, namespace := e.text("container.image.repository"), e.text("k8s.ns.name")
	if process.Container != "" && (repository != "" || namespace != "") {
		known := started.Add(-time.Millisecond)
		if e.text("evt.type") == "container" {
			known = when
		}
		err := c.Container(known, capture.Container{
			ID: process.Container, Repository: repository, Digest: e.text("container.image.digest"),
			Namespace: namespace, Pod: e.text("k8s.pod.name"),
			Privileged: e.text("container.privileged") == "true",
		})
		if err != nil {
			return err
		}
	}
	switch e.text("evt.type") {
	case "container":
		return nil
	case "socket":
		c.Clone(started, process)
		c.Exec(started.Add(time.Millisecond), process, false)
		domain := int64(capture.Packet)
		if e.text("evt.arg.domain") == "AF_INET" {
			domain = capture.Inet
		}
		c.Socket(when, process.PID, domain)
	default:
		c.Clone(started, process)
		c.Exec(when, process, e.text("evt.type") == "execveat")
	}
	return nil
}
