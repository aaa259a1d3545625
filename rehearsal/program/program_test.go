package program

import (
	"slices"
	"testing"
)

func TestCases(t *testing.T) {
	base := []string{"alloy", "falco", "kube-prometheus-stack", "loki", "metrics-server", "prometheus-operator-crds"}
	for name, want := range map[string]struct {
		releases []string // beside the base
		objects  int      // namespaces and Secrets
	}{
		"dev":                     {nil, 5 + 4},
		"staging":                 {[]string{"demo"}, 6 + 5},
		"prod":                    {nil, 5 + 5},
		"dev with falco-exporter": {[]string{"falco-exporter"}, 5 + 4},
		"dev by Gateway":          {[]string{"cert-manager", "oauth2-proxy"}, 7 + 6},
		"prod by Gateway":         {[]string{"cert-manager", "oauth2-proxy"}, 7 + 8},
	} {
		t.Run(name, func(t *testing.T) {
			all := Cases()
			i := slices.IndexFunc(all, func(c Case) bool { return c.Name == name })
			installation, err := Run("../..", all[i])
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, r := range installation.Releases {
				names = append(names, r.Name)
				if len(r.Values) == 0 {
					t.Errorf("%s has no values", r.Name)
				}
			}
			expected := slices.Sorted(slices.Values(append(want.releases, base...)))
			if !slices.Equal(names, expected) {
				t.Errorf("releases %v, want %v", names, expected)
			}
			counted := 0
			for _, o := range installation.Objects {
				if o.GetKind() == "Namespace" || o.GetKind() == "Secret" {
					counted++
				}
				if o.GetKind() == "" || o.GetName() == "" {
					t.Errorf("an object without kind or name: %v", o.Object)
				}
				if data, ok := o.Object["stringData"]; o.GetKind() == "Secret" && (!ok || len(data.(map[string]any)) == 0) {
					t.Errorf("Secret %s holds nothing", o.GetName())
				}
			}
			if counted != want.objects {
				t.Errorf("%d Namespaces and Secrets, want %d", counted, want.objects)
			}
		})
	}
}

func TestEveryCaseRuns(t *testing.T) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if _, err := Run("../..", c); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRunRefusesAFaultyCase(t *testing.T) {
	if _, err := Run("../..", Fixture("dev", map[string]any{"logging": map[string]any{"storage": "tape"}})); err == nil {
		t.Error("no fault")
	}
	if _, err := Run("../..", Fixture("nowhere", nil)); err == nil {
		t.Error("a stack file that is not there was read")
	}
}
