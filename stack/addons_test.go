package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doks-security/charts/chartstest"
	"doks-security/values"
)

// dnsChart is the part of external-dns' chart that these tests need.
const dnsChart = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: external-dns}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      {{- with .Values.hostNetwork }}
      hostNetwork: {{ . }}
      {{- end }}
      containers:
        - name: external-dns
          image: registry.k8s.io/external-dns/external-dns:v0.20.0
          env: {{ toJson .Values.env }}
          resources: {{ toJson .Values.resources }}
          securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, allowPrivilegeEscalation: false,
            capabilities: {drop: [ALL]}}
{{- with .Values.bind }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: external-dns}
roleRef: {kind: ClusterRole, name: {{ . }}}
{{- end }}
`

const dnsValues = `{replicas: 1, hostNetwork: false, bind: "", env: [], resources: {}, provider: {name: aws},
sources: [], domainFilters: [], policy: "", txtOwnerId: "", interval: 1m, serviceMonitor: {enabled: false}}`

// example is the folder of the documentation, copied into a project with a chart; changed are files of the project that
// replace others or, if empty, remove them.
func example(changed map[string]string) func(root string) error {
	return func(root string) error {
		dir := filepath.Join(root, values.AddonsDir)
		if err := os.CopyFS(dir, os.DirFS("../"+values.ExampleAddonsDir)); err != nil {
			return err
		}
		addons, err := values.Addons(root, values.AddonsDir)
		if err != nil {
			return err
		}
		if err := writeChart(root, addons["external-dns"].Chart, dnsValues, dnsChart); err != nil {
			return err
		}
		for name, text := range changed {
			file := filepath.Join(root, name)
			if text == "" {
				err = errors.Join(err, os.Remove(file))
				continue
			}
			err = errors.Join(err, os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600))
		}
		return err
	}
}

// withAddon is dev with external-dns.
func withAddon(addons string) map[string]string {
	return map[string]string{"cluster": onePool, "addons": addons}
}

const dns = `{"enabled":["external-dns"],"secrets":{"external-dns":{"token":"abc"}}}`

func TestAddonIsInstalled(t *testing.T) {
	m := &mocks{prepare: example(nil), encrypted: []string{Project + ":addons"}}
	if err := deploy(t, m, "dev", withAddon(dns)); err != nil {
		t.Fatal(err)
	}
	plain := func(key string) map[string]any {
		inputs, found := m.resources[key]
		if !found {
			t.Fatalf("%s is not created", key)
		}
		return inputs.MapRepl(nil, resolved)
	}
	at := func(key string, path ...string) string { return fmt.Sprint(values.At(plain(key), path...)) }
	for _, c := range []struct{ got, want string }{
		{at("kubernetes:helm.sh/v3:Release::external-dns", "namespace"), "external-dns"},
		{at("kubernetes:helm.sh/v3:Release::external-dns", "values", "provider", "name"), "digitalocean"},
		{at("kubernetes:core/v1:Namespace::doks-security-external-dns", "metadata", "labels",
			"pod-security.kubernetes.io/enforce"), "restricted"},
		{at("kubernetes:core/v1:Namespace::doks-security-external-dns", "metadata", "annotations", "doks-security/addon"),
			"external-dns"},
		{at("kubernetes:core/v1:Secret::external-dns-external-dns-secrets", "stringData", "token"), "abc"},
		{at("kubernetes:networking.k8s.io/v1:NetworkPolicy::external-dns-default-deny-ingress", "metadata", "namespace"),
			"external-dns"},
		{at("kubernetes:networking.k8s.io/v1:NetworkPolicy::external-dns-external-dns", "spec", "policyTypes"),
			"[Ingress Egress]"},
		{at("kubernetes:monitoring.coreos.com/v1:PrometheusRule::monitoring-external-dns", "metadata", "namespace"),
			"monitoring"},
		{at("kubernetes:core/v1:ConfigMap::monitoring-dashboard-external-dns", "metadata", "labels", "grafana_dashboard"),
			"1"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	for _, c := range []struct{ key, want string }{
		// It finds names, and connects to nothing else in the cluster.
		{"kubernetes:networking.k8s.io/v1:NetworkPolicy::external-dns-external-dns", `"k8s-app":"kube-dns"`},
		{"kubernetes:cilium.io/v2:CiliumNetworkPolicy::external-dns-external-dns", `{"toEntities":["world"]`},
		// Prometheus reads its monitors.
		{"kubernetes:helm.sh/v3:Release::kube-prometheus-stack", `"external-dns"`},
		{"kubernetes:helm.sh/v3:Release::falco", `or (k8s.ns.name = \"external-dns\" and\n      ` +
			`container.image.repository in (\"registry.k8s.io/external-dns/external-dns\"))`},
	} {
		text, err := json.Marshal(plain(c.key))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), c.want) {
			t.Errorf("%s does not have %s:\n%s", c.key, c.want, text)
		}
	}
	settings, err := ParseProject(m.root, "dev", withAddon(dns))
	if err != nil {
		t.Fatal(err)
	}
	if exempt := settings.exemptNamespaces(); slices.Contains(exempt, "external-dns") || len(exempt) == 0 {
		t.Errorf("virtual clusters are exempt in %q", exempt)
	}
}

// Its dashboards need Grafana, and not Falco: so do the links of its alerts to them.
func TestDashboardsOfAnAddon(t *testing.T) {
	const dashboard = "kubernetes:core/v1:ConfigMap::monitoring-dashboard-"
	for _, c := range []struct {
		name, key, section string
		has, ours          bool
	}{
		{"with all parts", "logging", "{}", true, true},
		{"without Falco", "runtimeSecurity", `{"enabled":false}`, true, false},
		{"without Grafana", "observability", `{"grafana":false}`, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := withAddon(`{"enabled":["external-dns"]}`)
			raw[c.key] = c.section
			m := &mocks{prepare: example(nil)}
			if err := deploy(t, m, "dev", raw); err != nil {
				t.Fatal(err)
			}
			_, has := m.resources[dashboard+"external-dns"]
			_, ours := m.resources[dashboard+"runtime-security"]
			rule := fmt.Sprint(m.resources["kubernetes:monitoring.coreos.com/v1:PrometheusRule::monitoring-external-dns"])
			if linked := strings.Contains(rule, "/d/external-dns"); has != c.has || ours != c.ours || linked != c.has {
				t.Errorf("its dashboard is there: %t, linked: %t; ours: %t", has, linked, ours)
			}
		})
	}
}

// Credentials of a registry are a Secret of their own type, without which nothing pulls with them.
func TestSecretOfARegistry(t *testing.T) {
	for key, want := range map[string]string{"token": "<nil>", ".dockerconfigjson": "kubernetes.io/dockerconfigjson"} {
		m := &mocks{prepare: example(nil), encrypted: []string{Project + ":addons"}}
		addons := fmt.Sprintf(`{"enabled":["external-dns"],"secrets":{"external-dns":{%q:"{}"}}}`, key)
		if err := deploy(t, m, "dev", withAddon(addons)); err != nil {
			t.Fatal(err)
		}
		inputs := m.resources["kubernetes:core/v1:Secret::external-dns-external-dns-secrets"].MapRepl(nil, resolved)
		if got := fmt.Sprint(values.At(inputs, "type")); got != want {
			t.Errorf("with the key %s its type is %s, want %s", key, got, want)
		}
	}
}

// What it requests is counted, with its overrides.
func TestCapacityAndCostOfAnAddon(t *testing.T) {
	without, err := Parse("dev", withAddon("{}"))
	if err != nil {
		t.Fatal(err)
	}
	_, before := Demand(without)
	for _, c := range []struct {
		name      string
		files     map[string]string
		more      values.Resources
		wantError string
	}{
		{"as it is", nil, values.Resources{MilliCPU: 10, MiB: 64}, ""},
		{"with overrides", map[string]string{"overrides/dev/external-dns.yaml": "replicas: 2\n"},
			values.Resources{MilliCPU: 20, MiB: 128}, ""},
		{"too large", map[string]string{"overrides/dev/external-dns.yaml": "resources: {requests: {memory: 64Gi}}\n"},
			values.Resources{}, "cluster.pools"},
		{"a key that the chart does not know", map[string]string{"overrides/dev/external-dns.yaml": "replcas: 2\n"},
			values.Resources{}, "write replicas, or remove it"},
		{"what is protected", map[string]string{"overrides/dev/external-dns.yaml": "policy: sync\n",
			"addons/external-dns/protected.yaml": "- {why: records are kept, paths: [policy]}\n"},
			values.Resources{}, "records are kept"},
		{"access to the node", map[string]string{"overrides/dev/external-dns.yaml": "bind: cluster-admin\n"},
			values.Resources{}, "to the role cluster-admin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			if err := errors.Join(chartstest.Fill(root), example(c.files)(root)); err != nil {
				t.Fatal(err)
			}
			s, err := ParseProject(root, "dev", withAddon(dns))
			if c.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantError) {
					t.Errorf("err = %v, want it to contain %q", err, c.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, after := Demand(s); after != before.Plus(c.more, 1) {
				t.Errorf("requested %+v, want %+v more than %+v", after, c.more, before)
			}
		})
	}
}

// A prefix of namespaces is theirs, too.
func TestNamespaceOfAnAddonHasThePrefix(t *testing.T) {
	raw := withAddon(`{"enabled":["external-dns"]}`)
	raw["namespaces"] = `{"prefix":"obs-"}`
	m := &mocks{prepare: example(nil)}
	if err := deploy(t, m, "dev", raw); err != nil {
		t.Fatal(err)
	}
	release := m.resources["kubernetes:helm.sh/v3:Release::external-dns"]
	if got := release["namespace"].StringValue(); got != "obs-external-dns" {
		t.Errorf("the namespace is %s", got)
	}
}

// A chart without a digest is refused in prod, as those of values/ are.
func TestAddonsArePinnedInProd(t *testing.T) {
	raw := withAddon(`{"enabled":["external-dns"]}`)
	raw["profile"], raw["charts"] = "prod", "{}"
	err := deploy(t, &mocks{prepare: example(nil)}, "dev", raw)
	const want = "addons/external-dns/chart.yaml has no sha256 of it"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("err = %v, want it to contain %q", err, want)
	}
}

// The files of the documentation are those that are tested.
func TestDocumentedAddon(t *testing.T) {
	page := string(read(t, "../docs/addons.md"))
	for _, name := range []string{"chart.yaml", "values.yaml", "network.yaml", "alerts.yaml"} {
		text := string(read(t, filepath.Join("..", values.ExampleAddonsDir, "external-dns", name)))
		if !strings.Contains(page, "```yaml\n"+text+"```") {
			t.Errorf("docs/addons.md does not have %s as it is", name)
		}
	}
}
