package live

import (
	"slices"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	standInPath = "/bin/stand-in"
	// nobody is the user of stand-ins whose pods name none: an image that runs as root would be refused.
	nobody = 65534
)

// use is what the containers of an image expect of it, for its stand-in; see cmd/standin.
type use struct {
	Ports []int      `json:"ports"`
	TLS   []int      `json:"tls"`
	Ends  [][]string `json:"ends"`
	// commands are the paths of what containers execute.
	commands []string
}

// usesOf is what the containers of pods expect of an image.
func usesOf(image string, pods []corev1.Pod) *use {
	u := &use{}
	for _, pod := range pods {
		job := slices.ContainsFunc(pod.OwnerReferences, func(o metav1.OwnerReference) bool { return o.Kind == "Job" })
		for _, c := range pod.Spec.InitContainers {
			if normalize(c.Image) == image {
				u.add(c, c.RestartPolicy == nil)
			}
		}
		for _, c := range pod.Spec.Containers {
			if normalize(c.Image) == image {
				u.add(c, job || pod.Spec.RestartPolicy != corev1.RestartPolicyAlways)
			}
		}
	}
	return u
}

func (u *use) add(c corev1.Container, ends bool) {
	command := c.Command
	if len(command) == 0 {
		command = []string{standInPath}
	}
	u.commands = append(u.commands, command[0])
	if ends {
		u.Ends = append(u.Ends, slices.Concat(command, c.Args))
	}
	for _, port := range c.Ports {
		u.listen(c, intstr.FromInt32(port.ContainerPort), false)
	}
	for _, probe := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
		if probe == nil {
			continue
		}
		u.handle(c, probe.HTTPGet, probe.Exec)
		if probe.TCPSocket != nil {
			u.listen(c, probe.TCPSocket.Port, false)
		}
	}
	if c.Lifecycle == nil {
		return
	}
	for _, hook := range []*corev1.LifecycleHandler{c.Lifecycle.PostStart, c.Lifecycle.PreStop} {
		if hook != nil {
			u.handle(c, hook.HTTPGet, hook.Exec)
		}
	}
}

func (u *use) handle(c corev1.Container, get *corev1.HTTPGetAction, exec *corev1.ExecAction) {
	if get != nil {
		u.listen(c, get.Port, get.Scheme == corev1.URISchemeHTTPS)
	}
	if exec != nil {
		u.commands = append(u.commands, exec.Command[0])
		u.Ends = append(u.Ends, exec.Command)
	}
}

func (u *use) listen(c corev1.Container, port intstr.IntOrString, encrypted bool) {
	number := port.IntValue()
	for _, named := range c.Ports {
		if port.Type == intstr.String && named.Name == port.StrVal {
			number = int(named.ContainerPort)
		}
	}
	if !slices.Contains(u.Ports, number) {
		u.Ports = append(u.Ports, number)
	}
	if encrypted {
		u.TLS = append(u.TLS, number)
	}
}

// normalize is an image's full name without a digest: stand-in is docker.io/library/stand-in:latest.
func normalize(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	tag := "latest"
	if tagged, ok := named.(reference.Tagged); ok {
		tag = tagged.Tag()
	}
	return named.Name() + ":" + tag
}
