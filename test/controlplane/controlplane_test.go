package controlplane

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"doks-security/charts/chartfile"
)

// parentCommand makes the test binary a parent that is killed.
const parentCommand = "parent-to-be-killed"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case ChildCommand:
			os.Exit(Main(os.Args[2:]))
		case parentCommand:
			c, err := Start(context.Background(), Options{Dir: os.Args[2]})
			fmt.Println(c.child.PID(), err)
			select {}
		}
	}
	os.Exit(m.Run())
}

func start(t *testing.T) (*ControlPlane, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("c", 100)) // more than a socket's path may have
	c, err := Start(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("files are left in %s: %v", dir, err)
		}
	})
	return c, dir
}

func node(name string) Node {
	return Node{Name: name, ID: name, Pool: "default", Size: "s-2vcpu-4gb", Region: "fra1",
		CPU: resource.MustParse("1900m"), Memory: resource.MustParse("2561Mi")}
}

// eventually waits for what controllers do in their own time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within 30 seconds: %s", what)
}

func TestControlPlane(t *testing.T) {
	c, _ := start(t)
	ctx := t.Context()
	if err := c.SetNodes(ctx, []Node{node("a"), node("b"), node("c")}); err != nil {
		t.Fatal(err)
	}
	if err := c.SetNodes(ctx, []Node{node("a"), node("b")}); err != nil {
		t.Fatal(err)
	}
	core := c.Client().CoreV1()
	if _, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: "app", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "baseline"},
	}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{"app": "web"}
	pod := func(cpu string, security *corev1.SecurityContext) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "web", Image: "web", SecurityContext: security,
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}},
			}}}}
	}
	deploy := func(name, cpu string, replicas int32) {
		t.Helper()
		template := pod(cpu, nil)
		template.Labels = map[string]string{"app": name}
		if _, err := c.Client().AppsV1().Deployments("app").Create(ctx, &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: appsv1.DeploymentSpec{Replicas: ptr.To(replicas),
				Selector: &metav1.LabelSelector{MatchLabels: template.Labels}, Template: template},
		}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("charts are rendered with the scopes that kinds have here", func(t *testing.T) {
		_, lists, err := c.Client().Discovery().ServerGroupsAndResources()
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range lists {
			for _, r := range list.APIResources {
				builtIn := !strings.Contains(list.GroupVersion, ".") || strings.Contains(list.GroupVersion, ".k8s.io/")
				if builtIn && slices.Contains(r.Verbs, "delete") && !strings.Contains(r.Name, "/") &&
					chartfile.ClusterWide(r.Kind) == r.Namespaced {
					t.Errorf("%s %s: namespaced %v", list.GroupVersion, r.Kind, r.Namespaced)
				}
			}
		}
	})
	t.Run("a deployment becomes available, its service has endpoints and an address", func(t *testing.T) {
		deploy("web", "100m", 2)
		if _, err := core.Services("app").Create(ctx, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "web"},
			Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Selector: labels,
				Ports: []corev1.ServicePort{{Port: 80}}},
		}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "two available replicas", func() bool {
			d, err := c.Client().AppsV1().Deployments("app").Get(ctx, "web", metav1.GetOptions{})
			return err == nil && d.Status.AvailableReplicas == 2
		})
		eventually(t, "an endpoint slice with two addresses", func() bool {
			slices, err := c.Client().DiscoveryV1().EndpointSlices("app").List(ctx,
				metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=web"})
			return err == nil && len(slices.Items) == 1 && len(slices.Items[0].Endpoints) == 2
		})
		eventually(t, "a load balancer", func() bool {
			balancers, err := c.LoadBalancers(ctx)
			return err == nil && len(balancers) == 1 && balancers[0].IP != ""
		})
	})
	t.Run("what does not fit stays pending", func(t *testing.T) {
		deploy("large", "1800m", 1)
		eventually(t, "an unschedulable pod", func() bool {
			pods, err := core.Pods("app").List(ctx, metav1.ListOptions{LabelSelector: "app=large"})
			return err == nil && len(pods.Items) == 1 && len(pods.Items[0].Status.Conditions) > 0 &&
				pods.Items[0].Status.Conditions[0].Reason == corev1.PodReasonUnschedulable
		})
	})
	t.Run("pod security is enforced", func(t *testing.T) {
		template := pod("1m", &corev1.SecurityContext{Privileged: ptr.To(true)})
		_, err := core.Pods("app").Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "privileged"},
			Spec: template.Spec}, metav1.CreateOptions{})
		if !apierrors.IsForbidden(err) {
			t.Errorf("a privileged pod in a baseline namespace: %v", err)
		}
	})
	t.Run("a claim is bound to a volume, which goes with it", func(t *testing.T) {
		if _, err := core.PersistentVolumeClaims("app").Create(ctx, &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Name: "data"},
			Spec: corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{
					corev1.ResourceStorage: resource.MustParse("5Gi"),
				}}},
		}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a bound claim", func() bool {
			claim, err := core.PersistentVolumeClaims("app").Get(ctx, "data", metav1.GetOptions{})
			return err == nil && claim.Status.Phase == corev1.ClaimBound
		})
		if volumes, err := c.Volumes(ctx); err != nil || len(volumes) != 1 || volumes[0].GiB != 5 {
			t.Errorf("volumes %v, %v; want one of 5 GiB", volumes, err)
		}
	})
	t.Run("a token logs in", func(t *testing.T) {
		token, expires, err := c.Token(ctx, time.Minute)
		if err != nil || time.Until(expires) < 9*time.Minute {
			t.Fatalf("token until %s: %v", expires, err)
		}
		client, err := kubernetes.NewForConfig(&rest.Config{Host: c.Endpoint(), BearerToken: token,
			TLSClientConfig: rest.TLSClientConfig{CAData: c.CA()}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.CoreV1().Secrets("kube-system").List(ctx, metav1.ListOptions{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("a namespace is deleted with all that is in it", func(t *testing.T) {
		if err := core.Namespaces().Delete(ctx, "app", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the namespace is gone, and its volume", func() bool {
			_, err := core.Namespaces().Get(ctx, "app", metav1.GetOptions{})
			volumes, listErr := c.Volumes(ctx)
			return apierrors.IsNotFound(err) && listErr == nil && len(volumes) == 0
		})
	})
}

func TestChildDiesWithItsParent(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "c")
	parent := exec.Command(self, parentCommand, dir)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasSuffix(line, "<nil>\n") {
		t.Fatalf("starting the parent: %q, %v", line, err)
	}
	var child int
	if _, err := fmt.Sscan(line, &child); err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	eventually(t, "the child is gone", func() bool { return syscall.Kill(child, 0) != nil })
}

func TestStartReportsErrors(t *testing.T) {
	if _, err := Start(t.Context(), Options{Dir: filepath.Join(t.TempDir(), "missing", "c")}); err == nil {
		t.Error("a directory that cannot be made is no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := filepath.Join(t.TempDir(), "c")
	if _, err := Start(ctx, Options{Dir: dir}); err == nil {
		t.Error("a context that has ended is no error")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("files are left: %v", err)
	}
}
