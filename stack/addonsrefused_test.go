package stack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doks-security/stack/field"
)

// All errors at once, and nothing is registered.
func TestAddonsAreRefused(t *testing.T) {
	const dir = "addons/external-dns/"
	chart := func(lines string) map[string]string {
		return map[string]string{dir + "chart.yaml": "name: external-dns\nversion: 1.20.0\nappVersion: 0.20.0\n" +
			"repository: https://example.org/charts\nsha256: \"\"\n" + lines}
	}
	const sound = "namespace: external-dns\npodSecurity: restricted\n"
	for _, c := range []struct {
		name, addons string
		files        map[string]string
		want         []string
	}{
		{"unknown names", `{"enabled":["externaldns","loki"],"secrets":{"velero":{"key":"abc"}}}`, nil, []string{
			`addons.enabled[0]: "externaldns"`, "a folder of addons/ with a chart.yaml: there are external-dns",
			`addons.enabled[1]: "loki"`, "the name of no release of values/",
			"addons.secrets.velero", "add it to addons.enabled"}},
		{"twice", `{"enabled":["external-dns","external-dns"]}`, nil, []string{"addons.enabled[1]", "each addon once"}},
		{"a chart that cannot be pinned", "", map[string]string{dir + "chart.yaml": "name: external-dns\nversion: 1\n" +
			"repository: http://a:b@example.org\nsha256: abc\nnamespace: falco\npodSecurity: none\ntenant: true\n"}, []string{
			"chart.yaml: version: \"1\"", "chart.yaml: repository", "chart.yaml: sha256: \"abc\"",
			"no namespace of values/: values/falco has it", "podSecurity: \"none\"", "tenant, with"}},
		{"an unknown key", "", chart(sound + "level: restricted\n"), []string{dir + "chart.yaml", "field level not found"}},
		{"no level", "", chart("namespace: external-dns\n"),
			[]string{"podSecurity: \"\"", "restricted, baseline, privileged"}},
		{"a namespace of Kubernetes", "", chart("namespace: kube-system\npodSecurity: restricted\n"),
			[]string{"chart.yaml: namespace: \"kube-system\""}},
		{"the name of another release", "", chart(sound + "release: falco\n"), []string{"release: \"falco\"",
			"a name of its own: values/falco has it"}},
		{"files", "", map[string]string{
			dir + "alert.yaml":            "groups: []\n",
			dir + "values.yaml":           "provider: {name: yes}\n",
			dir + "prod.yaml":             "apiToken: hunter2\n",
			dir + "alerts.yaml":           "groups: [{name: Bad Name, rules: [{alert: A, expr: up}, {record: a}]}]\n",
			dir + "dashboards/other.json": `{"uid":"external-dns"}`,
			dir + "reviewed.yaml":         "- {finding: Secret a/b}\n",
			dir + "protected.yaml":        "- {paths: [a]}\n",
		}, []string{
			dir + "alert.yaml", "an unknown file", "versions of YAML differ on this word",
			dir + `prod.yaml: apiToken: "[may be secret]"`, "reviewed.yaml: why", "without use and why",
			"Bad Name", "labels.severity", "an incomplete rule", "dashboards/other.json: uid",
		}},
		{"what others have", "", map[string]string{
			dir + "network.yaml": "workloads: [{name: prometheus}, {name: c, from: [{name: nothing, port: 1}]},\n" +
				"  {name: b, namespace: loki}]\n",
			dir + "alerts.yaml": "groups: [{name: events, rules: [{record: 'a:b', expr: up}]}]\n",
		}, []string{"another workload has this name", `no workload "nothing"`, "only the addon's own, external-dns",
			`a group "events" is in another release too`}},
		{"no values", "", map[string]string{dir + "values.yaml": ""}, []string{dir + "values.yaml", "no such file"}},
		{"a key that the chart does not know", "", map[string]string{dir + "values.yaml": "replcas: 2\n"},
			[]string{dir + "values.yaml: replcas", "write replicas"}},
		{"the node's network", "", map[string]string{dir + "values.yaml": "hostNetwork: true\n"}, []string{
			"addons/external-dns: rendered: Deployment external-dns/external-dns with hostNetwork",
			"which is restricted", dir + "reviewed.yaml: - {finding:"}},
		{"a role of Kubernetes", "", map[string]string{dir + "values.yaml": "bind: cluster-admin\n"},
			[]string{"ClusterRoleBinding /external-dns to the role cluster-admin"}},
		{"a review that nothing needs", "", map[string]string{dir + "reviewed.yaml": "- {finding: a, why: b}\n"},
			[]string{dir + `reviewed.yaml: finding: "a"`, "remove the entry"}},
		{"what the chart does not render", "", map[string]string{dir + "values.yaml": "replicas: '{'\n"},
			[]string{"values that the chart refuses", "rendering external-dns"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.addons == "" {
				c.addons = `{"enabled":["external-dns"]}`
			}
			m := &mocks{prepare: example(c.files), encrypted: []string{Project + ":addons"}}
			err := deploy(t, m, "dev", withAddon(c.addons))
			checkRefusal(t, m, err, c.want)
		})
	}
}

// What is refused is installed once the folder says why.
func TestReviewedFindings(t *testing.T) {
	m := &mocks{prepare: example(map[string]string{
		"addons/external-dns/values.yaml": "bind: cluster-admin\n",
		"addons/external-dns/reviewed.yaml": "- finding: ClusterRoleBinding /external-dns to the role cluster-admin\n" +
			"  why: it backs up every object\n",
	})}
	if err := deploy(t, m, "dev", withAddon(`{"enabled":["external-dns"]}`)); err != nil {
		t.Error(err)
	}
}

// A secret is looked up by its own path: another one that is encrypted does not help.
func TestSecretsOfAddonsAreEncrypted(t *testing.T) {
	const head = "config:\n  doks-security:cluster: {pools: [{name: a, size: s-4vcpu-8gb, count: 3}]}\n" +
		"  doks-security:addons:\n    enabled: [external-dns]\n    secrets:\n      external-dns:\n"
	for _, c := range []struct{ name, secrets, want string }{
		{"encrypted", "{token: {secure: a}, secure: {secure: b}}", ""},
		{"in plain text", "{token: hunter2, other: {secure: b}}", "addons.secrets.external-dns.token"},
		{"a key that no Secret has", "{a b: hunter2}", "addons.secrets.external-dns.a b"},
		{"empty", "{token: ''}", "addons.secrets.external-dns.token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root, text := t.TempDir(), []byte(head+"        "+c.secrets+"\n")
			if err := errors.Join(example(nil)(root),
				os.WriteFile(filepath.Join(root, "Pulumi.dev.yaml"), text, 0o600)); err != nil {
				t.Fatal(err)
			}
			config, secret := readConfig(t, text)
			_, err := loadConfig(t, root, "dev", config, secret)
			var errs field.Errors
			errors.As(err, &errs)
			if (err == nil) != (c.want == "") || err != nil && (len(errs) != 1 || errs[0].Key != c.want) {
				t.Errorf("err = %v, want one of %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v\nshows a secret", err)
			}
		})
	}
}
