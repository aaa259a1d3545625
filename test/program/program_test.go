package program

import (
	"slices"
	"testing"

	"doks-security/stack"
	"doks-security/values"
)

func TestCases(t *testing.T) {
	all, err := values.Releases()
	if err != nil {
		t.Fatal(err)
	}
	var base []string // what every stack has
	namespaces := map[string]string{}
	for _, r := range all {
		namespaces[r.Release] = r.Namespace
		if r.IsInstalled(nil) {
			base = append(base, r.Release)
		}
	}
	for name, want := range map[string]struct {
		releases []string // in addition to the base
		secrets  int
	}{
		"dev":                     {nil, 4},
		"staging":                 {[]string{"demo"}, 5},
		"prod":                    {nil, 5},
		"dev with falco-exporter": {[]string{"falco-exporter"}, 4},
		"dev by Gateway":          {[]string{"cert-manager", "oauth2-proxy"}, 6},
		"prod by Gateway":         {[]string{"cert-manager", "oauth2-proxy"}, 8},
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
			created := map[string]bool{}
			for _, name := range expected {
				created[namespaces[name]] = true
			}
			counted := map[string]int{}
			for _, o := range installation.Objects {
				counted[o.GetKind()]++
				if o.GetKind() == "" || o.GetName() == "" {
					t.Errorf("an object without kind or name: %v", o.Object)
				}
				if data, ok := o.Object["stringData"]; o.GetKind() == "Secret" && (!ok || len(data.(map[string]any)) == 0) {
					t.Errorf("Secret %s holds nothing", o.GetName())
				}
			}
			if counted["Namespace"] != len(created) || counted["Secret"] != want.secrets {
				t.Errorf("%d Namespaces and %d Secrets, want %d and %d",
					counted["Namespace"], counted["Secret"], len(created), want.secrets)
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

func TestRunRefusesAnInvalidCase(t *testing.T) {
	if _, err := Run("../..", Fixture("dev", map[string]any{"logging": map[string]any{"storage": "tape"}})); err == nil {
		t.Error("no error")
	}
	if _, err := Run("../..", Fixture("nowhere", nil)); err == nil {
		t.Error("a stack file that is not there was read")
	}
}

// Overrides are found in the directory of the stack file, and reach both the release and what is counted.
func TestOverridesOfACase(t *testing.T) {
	all := Cases()
	custom := all[slices.IndexFunc(all, func(c Case) bool { return c.Dir == Overrides })]
	installation, err := Run("../..", custom)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(installation.Releases, func(r Release) bool { return r.Name == "metrics-server" })
	if got := installation.Releases[i].Values["replicas"]; got != 2.0 {
		t.Errorf("metrics-server has %v replicas, want 2", got)
	}
	without, err := Run("../..", Fixture("dev", nil))
	if err != nil {
		t.Fatal(err)
	}
	_, before := stack.Demand(without.Settings)
	_, after := stack.Demand(installation.Settings)
	if want := before.Plus(values.Resources{MilliCPU: 50, MiB: 200}, 1); after != want {
		t.Errorf("requested %+v, want %+v", after, want)
	}
}
