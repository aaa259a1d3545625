package chartlint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doks-security/charts/pods"
	"doks-security/stack"
	"doks-security/values"
)

// checks are those of objects; each error is found by the one that owns it, and by no other.
var checks = map[string]func(s stack.Settings, objects []*Object) []error{
	"references": func(_ stack.Settings, o []*Object) []error { return References(o) },
	"bindings":   func(_ stack.Settings, o []*Object) []error { return Bindings(o) },
	"services":   func(_ stack.Settings, o []*Object) []error { return Services(o, nil) },
	"addresses":  func(_ stack.Settings, o []*Object) []error { return Addresses(o) },
	"monitors":   func(_ stack.Settings, o []*Object) []error { return Monitors(o) },
	"dashboards": func(_ stack.Settings, o []*Object) []error { return Dashboards(o) },
	"jobs":       func(_ stack.Settings, o []*Object) []error { return Jobs(o) },
	"rules":      func(_ stack.Settings, o []*Object) []error { return Rules(o) },
	"panels":     func(_ stack.Settings, o []*Object) []error { return Panels(o) },
	"overcommit": Overcommit,
	"falco": func(_ stack.Settings, o []*Object) []error {
		return Falco(o, "falco", map[string]string{"10-ours.yaml": "- list: a"})
	},
	"PodSecurity": func(_ stack.Settings, o []*Object) []error { return PodSecurity(o) },
	"host": func(_ stack.Settings, o []*Object) []error {
		return HostAccess(o, []Host{{"DaemonSet falco/falco", []string{"privileged"}, "a test"}})
	},
	"secrets": func(_ stack.Settings, o []*Object) []error {
		return SecretReaders(o, map[string]string{"monitoring/operator": "a test"})
	},
	"images":  func(_ stack.Settings, o []*Object) []error { return Images(o) },
	"schemas": func(_ stack.Settings, o []*Object) []error { return Schemas(o) },
	"capacity": func(s stack.Settings, o []*Object) []error {
		demand, err := pods.Measure(o)
		if err != nil {
			return []error{err}
		}
		return Capacity(s, demand)
	},
}

// laid are the sound objects with the file's laid over those of their name: maps merge, null removes.
func laid(t *testing.T, file string) []*Object {
	t.Helper()
	read := func(file string) []*Object {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		return objects
	}
	objects := read("testdata/sound.yaml")
	if file != "" {
	overlay:
		for _, over := range read(file) {
			for _, o := range objects {
				if pods.ID(o) == pods.ID(over) {
					o.Object = values.Merge(o.Object, over.Object)
					continue overlay
				}
			}
			objects = append(objects, over)
		}
	}
	objects, err := Complete(objects)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func twoNodes(t *testing.T) stack.Settings {
	t.Helper()
	s, err := stack.Parse("dev", map[string]string{"cluster": `{"pools":[{"name":"a","size":"s-2vcpu-4gb","count":2}]}`})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNoError(t *testing.T) {
	objects := laid(t, "")
	for name, check := range checks {
		for _, problem := range check(twoNodes(t), objects) {
			t.Errorf("%s: %v", name, problem)
		}
	}
}

// Every file in testdata/errors is named after its error.
func TestSeededErrors(t *testing.T) {
	found := map[string]struct{ check, message string }{
		"a-port-of-no-container":       {"services", "no container of its pods has the port htpp"},
		"a-selector-of-nothing":        {"services", "Service monitoring/web selects no pod"},
		"an-address-with-wrong-port":   {"addresses", "the port 8080 of the Service monitoring/web"},
		"an-address-of-nothing":        {"addresses", "the Service monitoring/wep, which does not exist"},
		"an-address-in-no-namespace":   {"addresses", "no namespace monitorin"},
		"a-secret-address":             {"addresses", "the Service monitoring/stray, which does not exist"},
		"an-alertmanager-elsewhere":    {"addresses", "alerts the Service monitoring/alerts"},
		"a-missing-secret":             {"references", "the Secret monitoring/logins, which does not exist"},
		"a-missing-key":                {"references", "the key pasword of the Secret monitoring/login"},
		"a-missing-account":            {"references", "the ServiceAccount monitoring/missing"},
		"a-missing-class":              {"references", "the StorageClass monitoring/fast, which does not exist"},
		"a-missing-volume":             {"references", "mounts the volume data, which the pod has not"},
		"a-role-for-a-missing-account": {"bindings", "is for the ServiceAccount monitoring/missing"},
		"a-webhook-of-nothing":         {"bindings", "calls the port 443 of the Service monitoring/web"},
		"an-unselected-monitor":        {"monitors", "ServiceMonitor falco/falco is selected by no Prometheus"},
		"a-monitor-of-a-missing-port":  {"monitors", `scrapes the port "metrics"`},
		"a-monitor-of-nothing":         {"monitors", "selects nothing in [monitoring]"},
		"a-job-of-nothing":             {"jobs", `reads the job "wep"`},
		"a-rule-of-nothing-recorded":   {"rules", "WebSlow reads job:requests:99quantile, which no rule records"},
		"a-rule-of-nothing-exported":   {"rules", "UnitFailed reads node_systemd_unit_state, which no program in"},
		"a-panel-of-nothing-exported":  {"panels", "overview.json reads node_systemd_unit_state, which no rule records"},
		"an-alert-that-never-resolves": {"overcommit", "KubeMemoryOvercommit can never resolve on 2 nodes"},
		"an-unseen-dashboard":          {"dashboards", "Grafana's sidecar does not see this dashboard"},
		"an-overwritten-dashboard":     {"dashboards", "has the file of ConfigMap monitoring/overview overview.json"},
		"a-dashboard-without-source":   {"dashboards", `asks the data source "second"`},
		"another-rule":                 {"falco", "10-ours.yaml is not the one in rules/"},
		"a-foreign-rule":               {"falco", "20-theirs.yaml is not in rules/"},
		"an-unpinned-artifact":         {"falco", "falco-rules:5 is fetched in no fixed version"},
		"a-privileged-pod":             {"PodSecurity", "is not restricted:v1.33: privileged"},
		"a-host-path":                  {"host", "DaemonSet falco/falco has hostPath /etc"},
		"a-reader-of-all-secrets":      {"secrets", "ServiceAccount monitoring/web reads every Secret of the cluster"},
		"an-image-named-latest":        {"images", `image "example.org/web:latest"`},
		"an-image-without-tag":         {"images", `image "example.org:5000/web"`},
		"an-unknown-field":             {"schemas", `unknown field "spec.template.spec.containers[0].imagePulPolicy"`},
		"an-unknown-custom-field":      {"schemas", `unknown field "spec.intervall"`},
		"a-custom-field-of-text":       {"schemas", "spec.interval"},
		"a-stack-too-large":            {"capacity", "2 nodes leave"},
		"a-pod-too-large":              {"capacity", "a node leaves one pod"},
		"too-many-volumes":             {"capacity", "2 nodes take 14 volumes, pods ask for 15"},
	}
	files, err := filepath.Glob("testdata/errors/*.yaml")
	if err != nil || len(files) != len(found) {
		t.Fatalf("%d files for %d errors: %v", len(files), len(found), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			want := found[name]
			caught := false
			for check, run := range checks {
				for _, problem := range run(twoNodes(t), laid(t, file)) {
					if check == want.check && strings.Contains(problem.Error(), want.message) {
						caught = true
					} else if check != want.check && !alsoFound[name+" "+check] {
						t.Errorf("%s complains as well: %v", check, problem)
					}
				}
			}
			if !caught {
				t.Errorf("%s does not find it", want.check)
			}
		})
	}
}

// alsoFound are errors that two checks rightly see.
var alsoFound = map[string]bool{
	"a-privileged-pod host": true,
}
