package override

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doks-security/stack/field"
	"doks-security/values"
)

// written writes one file of the stack dev, and returns the directory of the project.
func written(t *testing.T, name, text string) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, Dir, "dev")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestRead(t *testing.T) {
	all, err := values.Releases()
	if err != nil {
		t.Fatal(err)
	}
	installed := values.Set{"loki": all["loki"]}
	for _, c := range []struct{ name, file, text, message string }{
		{"values", "loki.yaml", "loki: {a: [1, 2.5, true, text, 'yes', 1e3]}\n", ""},
		{"an anchor", "loki.yaml", "a: &a {b: 1}\nc: *a\nd: {<<: *a}\n", ""},
		{"a hidden file", ".loki.yaml.swp", "\x00", ""},
		{"no release", "lokki.yaml", "a: 1", `overrides/dev/lokki.yaml: name: "lokki.yaml"`},
		{"another ending", "loki.yml", "a: 1", "of a release of this stack: loki"},
		{"a release with an option", "cert-manager.yaml", "a: 1", "it is installed with exposure.mode: gateway only"},
		{"a release that the cluster has", "metrics-server.yaml", "a: 1", "cluster.provides says"},
		{"nothing", "loki.yaml", "# later\n", "overrides/dev/loki.yaml:1: no map"},
		{"a list", "loki.yaml", "[a]", "no map"},
		{"no YAML", "loki.yaml", "a: [", "no YAML: "},
		{"two documents", "loki.yaml", "a: 1\n---\nb: 2\n", "overrides/dev/loki.yaml:2: a second YAML document"},
		{"a key twice", "loki.yaml", "a: 1\nb: {c: 1, c: 2}\n", `overrides/dev/loki.yaml:2: the key "c"`},
		{"a number as key", "loki.yaml", "1: a\n", "a string as key"},
		{"null", "loki.yaml", "a:\n  b:\n", "overrides/dev/loki.yaml:2: null"},
		{"a boolean of YAML 1.1", "loki.yaml", "a: {b: no}\n", "versions of YAML differ on this word"},
		{"an octal number", "loki.yaml", "a: 010\n", "a decimal number without leading zeros"},
		{"a day", "loki.yaml", "a: 2026-01-01\n", "this is read as timestamp"},
		{"in a list", "loki.yaml", "a: [{b: on}]\n", "versions of YAML differ on this word"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := written(t, c.file, c.text)
			var errs field.Errors
			files, err := Read(root, "dev", all, installed, nil, &errs)
			if err != nil {
				t.Fatal(err)
			}
			if c.message == "" {
				if len(errs) > 0 {
					t.Errorf("errs = %v", errs)
				}
				return
			}
			if len(files) != 0 || len(errs) != 1 || !strings.Contains(errs.Error(), strings.TrimPrefix(c.message, "it is ")) {
				t.Errorf("%d files, errs = %v, want one that contains %q", len(files), errs, c.message)
			}
		})
	}
	if Exist(t.TempDir(), "dev") || !Exist(written(t, "loki.yaml", ""), "dev") {
		t.Error("Exist does not say whether there are overrides")
	}
}

// check returns the errors of a file of a release, by key.
func check(t *testing.T, release, text string) map[string]field.Error {
	t.Helper()
	var errs field.Errors
	content, ok := Parse("f.yaml", []byte(text), &errs)
	if !ok {
		t.Fatal(errs)
	}
	base, err := values.Load(release, "dev", values.DefaultNamespaces())
	if err != nil {
		t.Fatal(err)
	}
	protected, err := values.ProtectedOf(release)
	if err != nil {
		t.Fatal(err)
	}
	File{Name: "f.yaml", Release: release, Values: content}.Check(base, protected, &errs)
	all := map[string]field.Error{}
	for _, e := range errs {
		all[strings.TrimPrefix(e.Key, "f.yaml: ")] = e
	}
	return all
}

func TestProtected(t *testing.T) {
	for _, c := range []struct{ name, release, text, key, allowed string }{
		{"a size", "loki", "singleBinary: {persistence: {size: 50Gi}}", "singleBinary.persistence.size",
			"the setting logging.volumeGiB has it"},
		{"next to what is protected", "loki", "singleBinary: {resources: {requests: {memory: 1Gi}}}", "", ""},
		{"another key of a map with a protected one", "kube-prometheus-stack",
			"prometheus: {prometheusSpec: {externalLabels: {team: a}}}", "", ""},
		{"a scalar in place of a map", "loki", "singleBinary: off2", "singleBinary", "it replaces singleBinary.persistence"},
		{"a list in place of a map", "kube-prometheus-stack", "grafana: []", "grafana", "it replaces grafana."},
		{"an empty map changes nothing", "loki", "singleBinary: {}", "", ""},
		{"a map of a key in a dotted name", "kube-prometheus-stack",
			"grafana: {grafana.ini: {auth.anonymous: {enabled: true}}}", "grafana.grafana.ini.auth.anonymous.enabled",
			"who may log in"},
		{"a setting of Grafana that is none of ours", "kube-prometheus-stack",
			"grafana: {grafana.ini: {dashboards: {min_refresh_interval: 10s}}}", "", ""},
		{"Grafana's environment, which takes precedence over its file", "kube-prometheus-stack",
			"grafana: {env: {GF_AUTH_ANONYMOUS_ENABLED: true}}", "grafana.env.GF_AUTH_ANONYMOUS_ENABLED", "who may log in"},
		{"what the operator's pods get", "kube-prometheus-stack",
			"prometheus: {prometheusSpec: {volumes: [{name: a, hostPath: {path: /}}]}}", "prometheus.prometheusSpec.volumes",
			"cannot be checked"},
		{"a name", "falco", "falcosidekick: {fullnameOverride: a}", "falcosidekick.fullnameOverride", "hold the names"},
		{"a security context", "alloy", "alloy: {securityContext: {privileged: true}}", "alloy.securityContext.privileged",
			"Pod Security level"},
		{"where its default lies below", "alloy", "configReloader: 5", "", ""},
		{"what a wildcard protects below", "alloy", "rbac: 5", "rbac", "permissions"},
		{"the policies of the demo", "vcluster", "policies: {networkPolicy: {enabled: false}}",
			"policies.networkPolicy.enabled", "quota and connections"},
	} {
		t.Run(c.name, func(t *testing.T) {
			errs := check(t, c.release, c.text)
			if c.key == "" {
				if len(errs) > 0 {
					t.Errorf("errs = %v", errs)
				}
				return
			}
			if e := errs[c.key]; len(errs) != 1 || !strings.Contains(e.Allowed, c.allowed) || e.Fix == "" {
				t.Errorf("errs = %v, want one of %s that contains %q", errs, c.key, c.allowed)
			}
		})
	}
}

func TestSecretsInPlainText(t *testing.T) {
	for _, c := range []struct{ text, key string }{
		{"a: {password: hunter2}", "a.password"},
		{"a: {db_password: 123456}", "a.db_password"},
		{"a: {clientSecret: x}", "a.clientSecret"},
		{"a: {apiKey: x}", "a.apiKey"},
		{"a: {secretKey: x}", "a.secretKey"},
		{"a: {authToken: x}", "a.authToken"},
		{"a: {slack: {webhookurl: 'https://hooks.example.org/T1/B2'}}", "a.slack.webhookurl"},
		{"a: {webhook: {address: 'https://hooks.example.org/T1'}}", "a.webhook.address"},
		{"a: {env: [{name: DB_PASSWORD, value: x}]}", "a.env[0].DB_PASSWORD"},
		{"a: {url: 'https://user:pass@example.org/'}", "a.url"},
		{"a: {url: 'https://example.org/?token=abc'}", "a.url"},
		{"a: {content: \"target = 'postgres://user:pass@db/x'\"}", "a.content"},
		{"a: {key: \"-----BEGIN RSA PRIVATE KEY-----\"}", "a.key"},
		{"a: {list: ['https://user:pass@example.org/']}", "a.list[0]"},

		{"a: {passwordKey: admin-password}", ""},
		{"a: {existingSecret: mine, secretName: mine}", ""},
		{"a: {env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: mine, key: password}}}]}", ""},
		{"a: {password: '${DB_PASSWORD}', token: '$__file{/etc/token}'}", ""},
		{"a: {password: ''}", ""},
		{"a: {tokenUrl: 'https://id.example.org/token'}", ""},
		{"a: {automountServiceAccountToken: true}", ""},
		{"a: {url: 'https://example.org/a?b=c'}", ""},
	} {
		errs := check(t, "metrics-server", c.text)
		e, found := errs[c.key]
		switch {
		case c.key == "" && len(errs) == 0:
		case !found || len(errs) != 1 || e.Value != `"`+field.Hidden+`"` || !strings.Contains(e.Fix, "existingSecret"):
			t.Errorf("%s: errs = %v, want one of %q", c.text, errs, c.key)
		}
	}
}
