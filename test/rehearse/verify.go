package rehearse

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/ptr"

	"doks-security/components"
	"doks-security/test/drift"
	"doks-security/values"
)

// settleTime is for what Helm does not wait for: operators' pods, endpoints.
const settleTime = time.Minute

// releasesOf are those of values/ and the addons of a project.
func releasesOf(project string) (values.Set, error) {
	shipped, err := values.Releases()
	if err != nil {
		return nil, err
	}
	all := maps.Clone(shipped)
	addons, err := values.Addons(project, values.AddonsDir)
	maps.Copy(all, addons)
	return all, err
}

// verify checks what exists after an update, and prints it.
func verify(ctx context.Context, a *account, outputs auto.OutputMap, w *workspace, r *report) error {
	plane, err := a.clusters.only()
	if err != nil {
		return err
	}
	client := plane.Client()
	custom, err := dynamic.NewForConfig(plane.RESTConfig())
	if err != nil {
		return err
	}
	names, err := namespacesOf(outputs)
	if err != nil {
		return err
	}
	set, err := releasesOf(w.project)
	if err != nil {
		return err
	}
	var c *cluster
	for deadline := time.Now().Add(settleTime); ; time.Sleep(200 * time.Millisecond) {
		if c, err = look(ctx, client, custom); err != nil {
			return fmt.Errorf("looking at the cluster: %w", err)
		}
		c.names, c.set = names, set
		if len(c.unready()) == 0 && len(c.withoutEndpoints()) == 0 && len(c.unbound()) == 0 && c.hasPrometheus() ||
			time.Now().After(deadline) {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	deployed, others := c.releases()
	r.check(fmt.Sprintf("%d Helm releases are deployed: %s", len(deployed), strings.Join(deployed, ", ")),
		len(others) == 0 && len(deployed) > 0, "%v", others)
	unready := c.unready()
	r.check(fmt.Sprintf("%d pods are Ready, none is Pending", len(c.pods)), len(unready) == 0, "%v", unready)
	r.check("Prometheus and Alertmanager have their pods", c.hasPrometheus(),
		"prometheus-operator's StatefulSets are missing")
	unbound := c.unbound()
	r.check(fmt.Sprintf("%d volumes are bound, %d GiB", len(c.claims), c.gib()), len(unbound) == 0, "%v", unbound)
	missing := c.withoutEndpoints()
	r.check(fmt.Sprintf("%d Services with a selector have endpoints", c.selecting()), len(missing) == 0, "%v", missing)
	checkPodSecurity(ctx, client, c, r)
	if err := checkDrift(ctx, plane.RESTConfig(), r); err != nil {
		return err
	}
	checkNetwork(c, r)
	checkLeaks(c, w, a.token, outputs, r)
	checkOutputs(ctx, outputs, c, w, r)
	if w.domain != "" {
		if err := checkExposure(ctx, custom, a, c, outputs, w.domain, r); err != nil {
			return err
		}
	}
	if a.clusters.pods == nil {
		checkCost(outputs, c, r)
	} else { // on one node, whatever the stack asks for
		a.clusters.pods.check(c.pods, r)
		a.clusters.pods.checkScrapes(ctx, client, names, r)
		a.clusters.pods.checkReload(ctx, client, names, r)
	}
	r.summary = append([]string{"requests of what the nodes have for pods:"}, c.fill()...)
	r.summary = append(r.summary, costLines(outputs)...)
	return r.err()
}

// namespacesOf reads the names of the stack's namespaces, by role.
func namespacesOf(outputs auto.OutputMap) (values.Namespaces, error) {
	output, ok := outputs["namespaces"].Value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the output namespaces is %v, want names by role", outputs["namespaces"].Value)
	}
	names := values.Namespaces{}
	for role, name := range output {
		names[role] = fmt.Sprint(name)
	}
	return names, nil
}

// checkPodSecurity asks the API server itself: a privileged pod must be refused wherever the label says so.
func checkPodSecurity(ctx context.Context, client kubernetes.Interface, c *cluster, r *report) {
	var enforced, errs []string
	for _, n := range c.namespaces {
		level := n.Labels["pod-security.kubernetes.io/enforce"]
		if n.Labels["app.kubernetes.io/part-of"] != "doks-security" {
			continue
		}
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "privileged"},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "a", Image: "a", SecurityContext: &corev1.SecurityContext{Privileged: ptr.To(true)}}}}}
		_, err := client.CoreV1().Pods(n.Name).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		refused := apierrors.IsForbidden(err) && strings.Contains(err.Error(), "PodSecurity")
		if level == "" || refused == (level == "privileged") {
			errs = append(errs, fmt.Sprintf("%s (%s): %v", n.Name, level, err))
		}
		enforced = append(enforced, n.Name+" "+level)
	}
	slices.Sort(enforced)
	r.check("PodSecurity is enforced: "+strings.Join(enforced, ", "), len(errs) == 0 && len(enforced) > 0, "%v", errs)
}

// checkDrift compares the objects of all releases with what Helm rendered.
func checkDrift(ctx context.Context, config *rest.Config, r *report) error {
	found, err := drift.Find(ctx, config)
	if err != nil {
		return err
	}
	var text strings.Builder
	found.Print(&text)
	r.check("no object of a release differs from what Helm rendered", len(found.Findings) == 0, "%s", &text)
	return nil
}

// wanted are the exports, and which of them must be secret.
var wanted = map[string]bool{
	"stackId": false, "logs": false,
	"clusterId": false, "clusterName": false, "clusterVersion": false, "kubeconfig": true, "namespaces": false,
	"monthlyCostUSD": false, "grafanaUrl": false, "grafanaPortForward": false, "grafanaLogin": false,
	"grafanaPassword":    true,
	"falcosidekickUiUrl": false, "falcosidekickUiPortForward": false, "falcosidekickUiLogin": false,
	"falcosidekickUiPassword": true,
}

func checkOutputs(ctx context.Context, outputs auto.OutputMap, c *cluster, w *workspace, r *report) {
	var errs []string
	off := map[string]bool{ // what begins with it is of a part that is not deployed
		"logs":            c.names[components.NamespaceLoki] == "",
		"grafana":         !c.hasService("kube-prometheus-stack-grafana"),
		"falcosidekickUi": !c.hasService("falco-falcosidekick-ui"),
	}
	isOff := func(name string) bool {
		for part, off := range off {
			if off && strings.HasPrefix(name, part) {
				return true
			}
		}
		return false
	}
	exported := 0
	for name, secret := range wanted {
		output, ok := outputs[name]
		switch {
		case isOff(name):
			if ok {
				errs = append(errs, name+" is of a part that is not deployed")
			}
			continue
		case !ok || output.Value == nil || output.Value == "":
			errs = append(errs, name+" is missing")
		case output.Secret != secret:
			errs = append(errs, fmt.Sprintf("%s: secret %v, want %v", name, output.Secret, secret))
		}
		exported++
	}
	r.check(fmt.Sprintf("%d exports, passwords and kubeconfig secret", exported), len(errs) == 0, "%v", errs)
	for _, login := range []struct{ command, role, secret, key, login, password string }{
		{"grafanaPortForward", components.NamespaceMonitoring, "grafana-admin", "admin-password", "", "grafanaPassword"},
		{"falcosidekickUiPortForward", components.NamespaceFalco, "falcosidekick-ui", "FALCOSIDEKICK_UI_USER",
			"falcosidekickUiLogin", "falcosidekickUiPassword"},
	} {
		if isOff(login.password) {
			continue
		}
		want, namespace := fmt.Sprint(outputs[login.password].Value), c.names[login.role]
		if login.login != "" {
			want = fmt.Sprint(outputs[login.login].Value) + ":" + want
		}
		r.check(login.password+" is the one in the cluster", c.secret(namespace, login.secret, login.key) == want,
			"Secret %s/%s has another", namespace, login.secret)
		command := fmt.Sprint(outputs[login.command].Value)
		r.check(command, c.forwards(command), "no such Service and port")
	}
	if file, ok := outputs["kubeconfigFile"]; ok {
		path := filepath.Join(w.project, fmt.Sprint(file.Value))
		err := logsIn(ctx, path)
		info, statErr := os.Stat(path)
		r.check(fmt.Sprintf("%v logs in, and only its owner reads it", file.Value), err == nil && statErr == nil &&
			info.Mode().Perm() == 0o600, "%v %v", err, statErr)
	}
}

func logsIn(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	return err
}
