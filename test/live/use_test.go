package live

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

func TestUses(t *testing.T) {
	get := func(port intstr.IntOrString, scheme corev1.URIScheme) *corev1.Probe {
		return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: port, Scheme: scheme}}}
	}
	main := corev1.Container{Image: "quay.io/a/b:1@sha256:" + sum, Command: []string{"redis-server"}, Args: []string{"x"},
		Ports:          []corev1.ContainerPort{{Name: "web", ContainerPort: 80}},
		ReadinessProbe: get(intstr.FromString("web"), ""), LivenessProbe: get(intstr.FromInt32(8443), "HTTPS"),
		StartupProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
			Exec: &corev1.ExecAction{Command: []string{"/bin/ping", "-c1"}}}},
		Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{
			Exec: &corev1.ExecAction{Command: []string{"sh", "-c", "sleep 1"}}}}}
	sidecar := corev1.Container{Image: "quay.io/a/b:1", Command: []string{"side"},
		RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways)}
	pods := []corev1.Pod{
		{Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyAlways, Containers: []corev1.Container{main},
			InitContainers: []corev1.Container{{Image: "quay.io/a/b:1", Args: []string{"init"}}, sidecar}}},
		{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: "Job"}}},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: "quay.io/a/b:1", Command: []string{"job"}}}}},
		{Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: "other", Command: []string{"other"}}}}},
	}
	want := &use{
		Ports: []int{80, 8443}, TLS: []int{8443},
		Ends:     [][]string{{standInPath, "init"}, {"/bin/ping", "-c1"}, {"sh", "-c", "sleep 1"}, {"job"}},
		commands: []string{standInPath, "side", "redis-server", "/bin/ping", "sh", "job"},
	}
	if got := usesOf("quay.io/a/b:1", pods); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

const sum = "0000000000000000000000000000000000000000000000000000000000000000"

func TestNormalize(t *testing.T) {
	for image, want := range map[string]string{
		"stand-in":                            "docker.io/library/stand-in:latest",
		"falcosecurity/falco:0.44.1":          "docker.io/falcosecurity/falco:0.44.1",
		"quay.io/a/b:v1@sha256:" + sum:        "quay.io/a/b:v1",
		"registry.k8s.io/pause@sha256:" + sum: "registry.k8s.io/pause:latest",
	} {
		if got := normalize(image); got != want {
			t.Errorf("%s is %s, want %s", image, got, want)
		}
	}
}
