package rehearse

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"doks-security/test/program"
)

// Each secret is replaced by the command docs/secrets.md gives, where it is read from comes up with the new one, and
// nothing else changes.
func TestRotate(t *testing.T) {
	page := documented(t, "secrets.md")
	out := &output{}
	ctx, e := session(t, out, map[string]any{
		"doks-security:cluster": map[string]any{"pools": []any{map[string]any{"name": "default", "size": "s-4vcpu-8gb",
			"count": 3}}},
		"doks-security:logging":  map[string]any{"storage": "spaces"},
		"doks-security:exposure": program.Gateway(),
	})
	for _, line := range []string{
		`pulumi config set --path 'doks-security:alerting.receivers[0].name' team`,
		`pulumi config set --secret --path 'doks-security:alerting.receivers[0].slack.url' ` +
			`https://hooks.example.org/first-slack-key`,
		`pulumi config set --path 'doks-security:alerting.receivers[0].slack.channel' '#alerts'`,
		`pulumi config set --secret --path doks-security:forward.events.url https://siem.example.org/first-siem-key`,
		`pulumi config set --path doks-security:forward.metrics.url https://metrics.example.org/write`,
		`pulumi config set --path doks-security:forward.metrics.username prometheus`,
		`pulumi config set --secret --path doks-security:forward.metrics.password first-password`,
	} {
		must(t, out, e.shell(ctx, line))
	}
	outputs, err := e.up(ctx)
	must(t, out, err)
	kubeconfig := func() string {
		file, err := e.kubeconfig()
		must(t, out, err)
		text, err := os.ReadFile(file)
		must(t, out, err)
		return string(text)
	}
	token := kubeconfig()
	must(t, out, e.preview(ctx, true))
	if kubeconfig() == token {
		t.Error("the cluster's token is the one of the run before")
	}
	for _, c := range []struct {
		name              string
		commands          []string // of the page, but for the new value
		secrets, restarts []string
		outputs           []string
		given             string // the old one, where it was not generated
	}{
		{"Grafana's password", []string{`pulumi up --replace '**RandomPassword::*-grafana'`},
			[]string{"monitoring/grafana-admin"}, []string{"Deployment monitoring/kube-prometheus-stack-grafana"},
			[]string{"grafanaPassword"}, ""},
		{"falcosidekick-ui's login", []string{`pulumi up --replace '**RandomPassword::*-falcosidekick-ui'`},
			[]string{"falco/falcosidekick-ui"}, []string{"Deployment falco/falco-falcosidekick-ui"},
			[]string{"falcosidekickUiPassword"}, ""},
		{"Redis' password", []string{`pulumi up --replace '**RandomPassword::*-falcosidekick-ui-redis'`},
			[]string{"falco/falcosidekick-ui", "falco/falcosidekick-ui-redis"},
			[]string{"Deployment falco/falco-falcosidekick-ui", "StatefulSet falco/falco-falcosidekick-ui-redis"}, nil, ""},
		{"the Spaces key", []string{`pulumi up --replace '**SpacesKey::*-loki'`},
			[]string{"loki/loki-spaces"}, []string{"StatefulSet loki/loki"}, nil, ""},
		// prometheus-operator reads the next two as they change, and has Alertmanager and Prometheus load them.
		{"a receiver's key",
			[]string{`pulumi config set --secret --path 'doks-security:alerting.receivers[0].slack.url' https://...`,
				`pulumi up`},
			[]string{"monitoring/alertmanager-config"}, nil, nil, "first-slack-key"},
		{"the login of remote write", []string{`pulumi config set --secret --path doks-security:forward.metrics.password ...`,
			`pulumi up`},
			[]string{"monitoring/remote-write"}, nil, nil, "first-password"},
		{"the address of the SIEM", []string{`pulumi config set --secret --path doks-security:forward.events.url https://...`,
			`pulumi up`},
			[]string{"falco/falcosidekick-outputs"}, []string{"Deployment falco/falco-falcosidekick"}, nil, "first-siem-key"},
		{"Grafana's client secret",
			[]string{`pulumi config set --secret --path doks-security:exposure.clients.grafana.clientSecret ...`, `pulumi up`},
			[]string{"monitoring/grafana-oidc"}, []string{"Deployment monitoring/kube-prometheus-stack-grafana"}, nil,
			e.workspace.secrets["doks-security:exposure.clients.grafana.clientSecret"]},
		{"oauth2-proxy's client secret",
			[]string{`pulumi config set --secret --path doks-security:exposure.clients.falcosidekickUi.clientSecret ...`,
				`pulumi up`},
			[]string{"gateway/oauth2-proxy"}, []string{"Deployment gateway/oauth2-proxy"}, nil,
			e.workspace.secrets["doks-security:exposure.clients.falcosidekickUi.clientSecret"]},
		{"the key of its sessions", []string{`pulumi up --replace '**RandomPassword::*-oauth2-proxy-cookie'`},
			[]string{"gateway/oauth2-proxy"}, []string{"Deployment gateway/oauth2-proxy"}, nil, ""},
		{"the token for DNS challenges",
			[]string{`pulumi config set --secret --path doks-security:exposure.certificates.dnsToken ...`, `pulumi up`},
			[]string{"gateway/digitalocean-dns"}, nil, nil, e.workspace.secrets["doks-security:exposure.certificates.dnsToken"]},
	} {
		before := photograph(ctx, t, e)
		for _, command := range c.commands {
			if !strings.Contains(page, command) {
				t.Errorf("%s: docs/secrets.md does not say: %s", c.name, command)
			}
			value := "https://new.example.org/second-key"
			if !strings.Contains(command, "https://") {
				value = "second-password-0123456789"
			}
			must(t, out, e.shell(ctx, strings.NewReplacer("https://...", value, " ...", " "+value).Replace(command)))
		}
		after := photograph(ctx, t, e)
		if got := before.changedSecrets(after); !slices.Equal(got, c.secrets) {
			t.Errorf("%s: Secrets %q changed, want %q", c.name, got, c.secrets)
		}
		if got := changed(before.templates, after.templates); !slices.Equal(got, c.restarts) {
			t.Errorf("%s: %q restart, want %q", c.name, got, c.restarts)
		}
		if got, want := len(changed(before.pods, after.pods)) > 0, len(c.restarts) > 0; got != want {
			t.Errorf("%s: pods were replaced: %v, want %v", c.name, got, want)
		}
		now, err := e.stack.Outputs(ctx)
		must(t, out, err)
		if got := changedOutputs(outputs, now); !slices.Equal(got, c.outputs) {
			t.Errorf("%s: outputs %q changed, want %q", c.name, got, c.outputs)
		}
		outputs = now
		texts, err := after.cluster.places()
		must(t, out, err)
		must(t, out, e.workspace.addState(texts))
		for _, s := range after.cluster.secrets {
			for key, value := range s.Data {
				texts["Secret "+s.Namespace+"/"+s.Name+" "+key] = value
			}
		}
		old := before.gone(after)
		if c.given != "" {
			old["what was given"] = c.given
		}
		if found := texts.find(old); len(found) > 0 || len(old) == 0 {
			t.Errorf("%s: %d old ones, which still stand: %q", c.name, len(old), found)
		}
		must(t, out, e.preview(ctx, true))
	}
	keys, _, err := e.account.client(t).SpacesKeys.List(ctx, nil)
	if err != nil || len(keys) != 1 {
		t.Errorf("%d Spaces keys, want the new one only: %v", len(keys), err)
	}
	must(t, out, e.destroy(ctx, &report{out: out}))
}

// picture is what rotation may change in a cluster.
type picture struct {
	cluster         *cluster
	templates, pods map[string]string
}

func photograph(ctx context.Context, t *testing.T, e *engine) picture {
	t.Helper()
	plane, err := e.account.clusters.only()
	if err != nil {
		t.Fatal(err)
	}
	custom, err := dynamic.NewForConfig(plane.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	c, err := look(ctx, plane.Client(), custom)
	if err != nil {
		t.Fatal(err)
	}
	p := picture{cluster: c, templates: map[string]string{}, pods: map[string]string{}}
	add := func(kind string, meta metav1.ObjectMeta, template corev1.PodTemplateSpec) {
		text, err := json.Marshal(template)
		if err != nil {
			t.Fatal(err)
		}
		p.templates[kind+" "+meta.Namespace+"/"+meta.Name] = string(text)
	}
	apps := plane.Client().AppsV1()
	deployments, err := apps.Deployments("").List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range deployments.Items {
		add("Deployment", d.ObjectMeta, d.Spec.Template)
	}
	for _, s := range c.sets {
		add("StatefulSet", s.ObjectMeta, s.Spec.Template)
	}
	daemons, err := apps.DaemonSets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range daemons.Items {
		add("DaemonSet", d.ObjectMeta, d.Spec.Template)
	}
	for _, pod := range c.pods {
		p.pods[pod.Namespace+"/"+pod.Name] = string(pod.UID)
	}
	return p
}

// changedSecrets are the program's own that hold something else.
func (p picture) changedSecrets(after picture) []string {
	texts := func(c *cluster) map[string]string {
		all := map[string]string{}
		for _, s := range c.secrets {
			if s.Labels["app.kubernetes.io/part-of"] == "doks-security" {
				text, _ := json.Marshal(s.Data)
				all[s.Namespace+"/"+s.Name] = string(text)
			}
		}
		return all
	}
	return changed(texts(p.cluster), texts(after.cluster))
}

// gone are the secrets that are no more.
func (p picture) gone(after picture) map[string]string {
	old, still := p.cluster.secretTexts(), slices.Collect(maps.Values(after.cluster.secretTexts()))
	maps.DeleteFunc(old, func(_, text string) bool { return slices.Contains(still, text) })
	return old
}

// changed are the keys that came, went or have another value.
func changed(before, after map[string]string) []string {
	var keys []string
	for key, value := range before {
		if after[key] != value {
			keys = append(keys, key)
		}
	}
	for key := range after {
		if _, ok := before[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func changedOutputs(before, after auto.OutputMap) []string {
	texts := func(m auto.OutputMap) map[string]string {
		all := map[string]string{}
		for key, output := range m {
			text, _ := json.Marshal(output.Value)
			all[key] = string(text)
		}
		return all
	}
	return changed(texts(before), texts(after))
}
