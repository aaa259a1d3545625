package live

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"doks-security/test/controlplane"
	"doks-security/test/live/needs"
)

// The test binary is also the control plane's process and the node's.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case controlplane.ChildCommand:
			os.Exit(controlplane.Main(os.Args[2:]))
		case ChildCommand:
			os.Exit(Main(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

// cluster is a control plane with a node that runs pods.
func cluster(t *testing.T) (kubernetes.Interface, *Node) {
	t.Helper()
	binaries := BinariesIn("../../bin/live")
	if err := needs.Check(); err != nil {
		t.Skip("this machine cannot run pods: ", err)
	}
	for _, file := range []*string{&binaries.Kubelet, &binaries.KubeProxy, &binaries.StandIn} {
		absolute, err := filepath.Abs(*file)
		if err != nil {
			t.Fatal(err)
		}
		*file = absolute
		if _, err := os.Stat(*file); err != nil {
			t.Skip("make rehearse LIVE=1 builds it: ", err)
		}
	}
	dir, err := os.MkdirTemp("", "l") // short: it holds sockets
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "n")
	c, err := controlplane.Start(t.Context(), controlplane.Options{Dir: filepath.Join(dir, "c"),
		Live: &controlplane.Live{Dial: filepath.Join(at, DialSocket), Volumes: filepath.Join(dir, "v")}})
	if err != nil {
		t.Fatal(err)
	}
	var n *Node
	t.Cleanup(func() {
		if n != nil {
			if err := n.Stop(); err != nil {
				t.Error(err)
			}
		}
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "v")); err != nil {
			t.Error(err)
		}
		if err := os.Remove(dir); err != nil {
			t.Error("files are left: ", err)
		}
		if left, err := filepath.Glob("/sys/fs/cgroup/*" + cgroupOf(at)); err != nil || len(left) > 0 {
			t.Errorf("cgroups are left: %v %v", left, err)
		}
	})
	err = c.SetLiveNode(t.Context(), controlplane.Node{Name: "node", ID: "1", CPU: resource.MustParse("1900m"),
		Memory: resource.MustParse("2561Mi")}, func() error {
		api, err := url.Parse(c.Endpoint())
		if err != nil {
			return err
		}
		files, err := c.Kubelet("node")
		if err != nil {
			return err
		}
		n, err = Start(t.Context(), Options{Dir: at, Name: "node", APIServer: api.Host, Kubeconfig: c.Kubeconfig(),
			Kubelet: Kubelet(files), Binaries: binaries})
		return err
	})
	if err != nil {
		t.Fatal(err, n.logTail())
	}
	return c.Client(), n
}

// pod is one container of a stand-in.
func pod(name string, container corev1.Container) *corev1.Pod {
	container.Name, container.Image = "main", name
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{container}, EnableServiceLinks: ptr.To(false),
			TerminationGracePeriodSeconds: ptr.To[int64](1)}}
}

func probe(path string, port int32) *corev1.Probe {
	return &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path,
		Port: intstr.FromInt32(port)}}}
}

// What only a pod that runs can show.
func TestPods(t *testing.T) {
	client, node := cluster(t)
	ctx := t.Context()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "rotated"}, StringData: map[string]string{"key": "old"}}
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data"},
		Spec: corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceStorage: resource.MustParse("1Gi")}}}}
	restricted := pod("restricted", corev1.Container{
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}, ReadinessProbe: probe("/ready", 8080),
		SecurityContext: &corev1.SecurityContext{RunAsUser: ptr.To[int64](1000), ReadOnlyRootFilesystem: ptr.To(true),
			Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		VolumeMounts: []corev1.VolumeMount{{Name: "secret", MountPath: "/secret"}, {Name: "data", MountPath: "/data"}},
	})
	restricted.Spec.SecurityContext = &corev1.PodSecurityContext{FSGroup: ptr.To[int64](2000)}
	restricted.Spec.Volumes = []corev1.Volume{
		{Name: "secret", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "rotated"}}},
		{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{
			ClaimName: "data"}}}}
	unready := pod("unready", corev1.Container{Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
		ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{
			Port: 8081}}}})
	root := pod("root", corev1.Container{SecurityContext: &corev1.SecurityContext{RunAsNonRoot: ptr.To(true),
		RunAsUser: ptr.To[int64](0)}})
	_, secretErr := client.CoreV1().Secrets("default").Create(ctx, secret, metav1.CreateOptions{})
	_, claimErr := client.CoreV1().PersistentVolumeClaims("default").Create(ctx, claim, metav1.CreateOptions{})
	for _, err := range []error{secretErr, claimErr} {
		if err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, node, "the account of pods exists", func() error {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	for _, p := range []*corev1.Pod{restricted, unready, root} {
		if _, err := client.CoreV1().Pods("default").Create(ctx, p, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	container := func(name string) Container {
		p, err := client.CoreV1().Pods("default").Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return Containers([]corev1.Pod{*p}, nil)[0]
	}
	eventually(t, node, "the pod is ready", func() error {
		if c := container("restricted"); !c.Ready {
			return fmt.Errorf("%s", c)
		}
		return nil
	})
	want := Container{Pod: "default/restricted", Name: "main", Ready: true, State: "Running", UID: "1000",
		ReadOnlyRoot: true, Seccomp: true}
	if got := container("restricted"); got != want {
		t.Errorf("got  %+v,\nwant %+v", got, want)
	}
	inside := rootOf(t, client, "restricted")
	if info, err := os.Stat(inside + "/data"); err != nil || info.Sys().(*syscall.Stat_t).Gid != 2000 ||
		info.Mode()&os.ModeSetgid == 0 {
		t.Errorf("the volume is not the group's: %v %v", info, err)
	}
	secret.StringData["key"] = "new"
	if _, err := client.CoreV1().Secrets("default").Update(ctx, secret, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, node, "the Secret's new value is in the container", func() error {
		if text, err := os.ReadFile(inside + "/secret/key"); err != nil || string(text) != "new" {
			return fmt.Errorf("%s %w", text, err)
		}
		return nil
	})
	for name, want := range map[string]string{
		"unready": "Readiness probe failed", "root": "container's runAsUser breaks non-root policy",
	} {
		eventually(t, node, name+": "+want, func() error { return happened(ctx, client, name, want) })
	}
	logs := client.CoreV1().Pods("default").GetLogs("restricted", &corev1.PodLogOptions{})
	if text, err := logs.DoRaw(ctx); err != nil || !strings.Contains(string(text), "stand-in") {
		t.Errorf("the pod's logs are %q %v", text, err)
	}
	if c := container("unready"); c.Ready || c.State != "Running" {
		t.Errorf("the pod whose probe fails: %s", c)
	}
	if c := container("root"); c.Ready || c.State == "Running" {
		t.Errorf("the pod that must not run as root: %s", c)
	}
}

// rootOf is the root directory of a pod's first container.
func rootOf(t *testing.T, client kubernetes.Interface, name string) string {
	t.Helper()
	p, err := client.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, id, _ := strings.Cut(p.Status.ContainerStatuses[0].ContainerID, "://")
	return firstProcesses()[id] + "/root"
}

func happened(ctx context.Context, client kubernetes.Interface, pod, message string) error {
	events, err := client.CoreV1().Events("default").List(ctx, metav1.ListOptions{
		FieldSelector: "involvedObject.name=" + pod})
	if err != nil {
		return err
	}
	var all []string
	for _, e := range events.Items {
		if strings.Contains(e.Message, message) {
			return nil
		}
		all = append(all, e.Message)
	}
	return fmt.Errorf("its events: %q", all)
}

// eventually waits for what controllers and the kubelet do in their own time.
func eventually(t *testing.T, n *Node, what string, try func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	t.Fatalf("not within a minute: %s: %v%s", what, err, n.logTail())
}
