package live

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Container is a container as the kubelet reports it and the kernel runs it.
type Container struct {
	Pod, Name string // <namespace>/<pod>
	Program   string // that it runs; empty: a stand-in
	Real      bool   // it is the program of the published image
	Ready     bool
	Restarts  int
	State     string // Running, or why it does not run
	// Of its first process, as the kernel has it; only of one that runs.
	UID          string
	ReadOnlyRoot bool
	Capabilities bool // it has any
	Seccomp      bool // its system calls are filtered
}

// Containers are those of pods on this machine. programs is that of Options.
func Containers(pods []corev1.Pod, programs map[string]Program) []Container {
	processes := firstProcesses()
	var all []Container
	for _, pod := range pods {
		for _, spec := range pod.Spec.Containers {
			program := programs[normalize(spec.Image)]
			c := Container{Pod: pod.Namespace + "/" + pod.Name, Name: spec.Name, Program: program.Name,
				Real: program.Name != "" && !program.StandIn, State: string(pod.Status.Phase)}
			at := slices.IndexFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
				return s.Name == spec.Name
			})
			if at >= 0 {
				c.look(pod.Status.ContainerStatuses[at], processes)
			}
			all = append(all, c)
		}
	}
	return all
}

func (c *Container) look(status corev1.ContainerStatus, processes map[string]string) {
	c.Ready, c.Restarts = status.Ready, int(status.RestartCount)
	switch {
	case status.State.Running != nil:
		c.State = "Running"
	case status.State.Waiting != nil:
		c.State = strings.TrimSpace(status.State.Waiting.Reason + " " + status.State.Waiting.Message)
	case status.State.Terminated != nil:
		c.State = status.State.Terminated.Reason
	}
	_, id, _ := strings.Cut(status.ContainerID, "://")
	dir, ok := processes[id]
	if !ok {
		return
	}
	for key, value := range processStatus(dir) {
		switch key {
		case "Uid":
			c.UID = strings.Fields(value)[1] // the effective one
		case "CapEff":
			c.Capabilities = strings.Trim(value, "0") != ""
		case "Seccomp":
			c.Seccomp = value != "0"
		}
	}
	c.ReadOnlyRoot = readOnlyRoot(dir)
}

// firstProcesses are the directories in /proc of the containers' first processes, by the container's id, which is the
// name of its cgroup.
func firstProcesses() map[string]string {
	found := map[string]string{}
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	for _, dir := range dirs {
		text, err := os.ReadFile(filepath.Join(dir, "cgroup"))
		if err != nil {
			continue // it ended meanwhile
		}
		for line := range strings.Lines(string(text)) {
			id := filepath.Base(strings.TrimSpace(line))
			ids := strings.Fields(processStatus(dir)["NSpid"])
			if len(id) == 64 && len(ids) > 0 && (ids[len(ids)-1] == "1" || found[id] == "") {
				found[id] = dir
			}
		}
	}
	return found
}

// processStatus is https://man7.org/linux/man-pages/man5/proc_pid_status.5.html.
func processStatus(dir string) map[string]string {
	text, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return nil
	}
	status := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		status[key] = strings.TrimSpace(value)
	}
	return status
}

// readOnlyRoot reads the options of the mount of / in a process's mountinfo.
func readOnlyRoot(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "mountinfo"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) > 5 && fields[4] == "/" {
			return slices.Contains(strings.Split(fields[5], ","), "ro")
		}
	}
	return false
}

// String is a line of a table.
func (c Container) String() string {
	program := c.Program
	if program == "" {
		program = "stand-in"
	}
	text := fmt.Sprintf("%-60s %-34s", c.Pod+" "+c.Name, program)
	if c.State != "Running" {
		return text + " " + c.State
	}
	notes := []string{"not ready"}
	if c.Ready {
		notes[0] = "ready"
	}
	notes = append(notes, fmt.Sprintf("%d restarts", c.Restarts), "user "+c.UID)
	for note, ok := range map[string]bool{"read-only root": c.ReadOnlyRoot, "capabilities": c.Capabilities} {
		if ok {
			notes = append(notes, note)
		}
	}
	if !c.Seccomp {
		notes = append(notes, "all system calls")
	}
	slices.Sort(notes[3:])
	return text + " " + strings.Join(notes, ", ")
}
