package rehearse

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"doks-security/components"
	"doks-security/test/live"
	"doks-security/values"
)

// Services and the Secret of kube-prometheus-stack that the checks use.
const (
	prometheusService   = "kube-prometheus-stack-prometheus"
	alertmanagerService = "kube-prometheus-stack-alertmanager"
	alertmanagerSecret  = "alertmanager-config"
	alertmanagerKey     = "alertmanager.yaml"
)

const (
	scrapeTime = 2 * time.Minute // two scrapes of the slowest monitors
	reloadTime = 2 * time.Minute // the kubelet's sync, and the reloader's interval
)

// checkScrapes asks Prometheus which of its targets it scrapes: of those that are programs, all.
func (p *pods) checkScrapes(ctx context.Context, client kubernetes.Interface, names values.Namespaces, r *report) {
	if !p.run("quay.io/prometheus/prometheus") {
		r.note("no Prometheus runs: its targets are not checked")
		return
	}
	up := 0
	var errs []string
	for deadline := time.Now().Add(scrapeTime); ; time.Sleep(time.Second) {
		up, errs = p.targets(ctx, client, names[components.NamespaceMonitoring])
		if len(errs) == 0 && up > 0 || ctx.Err() != nil || time.Now().After(deadline) {
			break
		}
	}
	r.check(fmt.Sprintf("Prometheus scrapes its %d targets that are programs", up), len(errs) == 0 && up > 0, "%q",
		errs)
}

// targets counts the targets of programs that are up; errors are the others, with what Prometheus says of them.
func (p *pods) targets(ctx context.Context, client kubernetes.Interface, namespace string) (up int, errs []string) {
	var reply struct {
		Data struct {
			ActiveTargets []struct {
				Labels            map[string]string
				ScrapePool        string
				Health, LastError string
			}
		}
	}
	if err := ask(ctx, client, namespace, prometheusService, "9090", "/api/v1/targets", &reply); err != nil {
		return 0, []string{err.Error()}
	}
	all, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, []string{err.Error()}
	}
	standIns := map[string]bool{}
	for _, c := range live.Containers(all.Items, p.programs) {
		standIns[c.Pod+"/"+c.Name] = !c.Real
	}
	for _, target := range reply.Data.ActiveTargets {
		l := target.Labels
		switch {
		case standIns[l["namespace"]+"/"+l["pod"]+"/"+l["container"]]:
		case target.Health == "up":
			up++
		default:
			errs = append(errs, target.ScrapePool+" is "+target.Health+": "+target.LastError)
		}
	}
	return up, errs
}

// checkReload changes the Secret of Alertmanager's configuration, as a rotation does, and waits until Alertmanager has
// loaded it; then it puts back what was there.
func (p *pods) checkReload(ctx context.Context, client kubernetes.Interface, names values.Namespaces, r *report) {
	if !p.run("quay.io/prometheus/alertmanager") {
		r.note("no Alertmanager runs: its reload is not checked")
		return
	}
	const name = "Alertmanager loads a changed Secret, and what it replaced again"
	namespace := names[components.NamespaceMonitoring]
	secrets := client.CoreV1().Secrets(namespace)
	secret, err := secrets.Get(ctx, alertmanagerSecret, metav1.GetOptions{})
	if err != nil {
		r.check(name, false, "%v", err)
		return
	}
	const marker = "receiver-of-the-rehearsal"
	before := secret.Data[alertmanagerKey]
	changed, err := withReceiver(before, marker)
	if err != nil {
		r.check(name, false, "%v", err)
		return
	}
	err = reload(ctx, client, secret, changed, func(loaded string) bool { return strings.Contains(loaded, marker) })
	if err == nil {
		err = reload(ctx, client, secret, before, func(loaded string) bool { return !strings.Contains(loaded, marker) })
	}
	r.check(name, err == nil, "%v", err)
}

// withReceiver adds a receiver that nothing is routed to.
func withReceiver(config []byte, name string) ([]byte, error) {
	var c map[string]any
	if err := yaml.Unmarshal(config, &c); err != nil {
		return nil, fmt.Errorf("reading Alertmanager's configuration: %w", err)
	}
	receivers, _ := c["receivers"].([]any)
	c["receivers"] = append(receivers, map[string]any{"name": name})
	return yaml.Marshal(c)
}

// reload writes a configuration and waits until what Alertmanager has loaded is right.
func reload(ctx context.Context, client kubernetes.Interface, secret *corev1.Secret, text []byte,
	right func(loaded string) bool) error {
	current, err := client.CoreV1().Secrets(secret.Namespace).Get(ctx, secret.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	current.Data[alertmanagerKey] = text
	if _, err := client.CoreV1().Secrets(secret.Namespace).Update(ctx, current, metav1.UpdateOptions{}); err != nil {
		return err
	}
	var reply struct{ Config struct{ Original string } }
	for deadline := time.Now().Add(reloadTime); time.Now().Before(deadline); time.Sleep(time.Second) {
		err = ask(ctx, client, secret.Namespace, alertmanagerService, "9093", "/api/v2/status", &reply)
		if err == nil && right(reply.Config.Original) {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return fmt.Errorf("not within %s; Alertmanager has %q: %w", reloadTime, reply.Config.Original, err)
}

// ask reads the JSON that a Service answers, through the API server.
func ask(ctx context.Context, client kubernetes.Interface, namespace, service, port, path string, reply any) error {
	text, err := client.CoreV1().Services(namespace).ProxyGet("http", service, port, path, nil).DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("asking %s for %s: %w", service, path, err)
	}
	return json.Unmarshal(text, reply)
}
