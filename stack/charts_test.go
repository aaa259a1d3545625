package stack

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"doks-security/charts"
	"doks-security/values"
)

// Every release is installed from a chart that was fetched before anything is created, by a path that is the same
// everywhere.
func TestChartsOfEveryRelease(t *testing.T) {
	with := func(raw map[string]string, key, value string) map[string]string {
		raw = maps.Clone(raw)
		raw[key] = value
		return raw
	}
	for _, c := range []struct {
		name string
		raw  map[string]string
	}{
		{"dev", environment(t, "dev")},
		{"staging", environment(t, "staging")},
		{"prod", environment(t, "prod")},
		{"falco-exporter", with(environment(t, "dev"), "runtimeSecurity", `{"metrics":"falco-exporter"}`)},
		{"Gateway", with(environment(t, "prod"), "exposure", byGateway(t))},
		{"Falco 0.43", with(environment(t, "dev"), "runtimeSecurity", `{"falco":"0.43"}`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{}
			if err := deploy(t, m, "dev", c.raw); err != nil {
				t.Fatal(err)
			}
			settings, err := Parse("dev", c.raw)
			if err != nil {
				t.Fatal(err)
			}
			pins, err := settings.charts()
			if err != nil {
				t.Fatal(err)
			}
			var fetched, installed []string
			for _, pin := range pins {
				fetched = append(fetched, charts.Path(pin))
			}
			for _, name := range m.releases() {
				inputs := m.resources["kubernetes:helm.sh/v3:Release::"+name]
				installed = append(installed, inputs["chart"].StringValue())
				if inputs.HasValue("repositoryOpts") {
					t.Errorf("%s names a repository", name)
				}
			}
			slices.Sort(fetched)
			slices.Sort(installed)
			if !slices.Equal(fetched, installed) {
				t.Errorf("fetched %q, installed %q", fetched, installed)
			}
		})
	}
}

func TestChartsAreVerifiedBeforeAnythingIsCreated(t *testing.T) {
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	releases := always(t, func(r values.Release) string { return r.Release })
	pinned := slices.DeleteFunc(slices.Clone(releases), func(name string) bool { return pins[name].SHA256 == "" })
	for _, c := range []struct {
		name, stack, charts string
		wrong               int
		message             string
	}{
		{"cached files that were changed", "dev", `{}`, len(pinned), "alloy " + pins["alloy"].Version + ": "},
		{"a chart without a pinned sha256 in prod", "staging", `{}`, len(releases) + 1, "vcluster " +
			pins["vcluster"].Version + ": values/vcluster/chart.yaml has no sha256 of it"},
		{"accepted in prod", "staging", `{"unverified":true}`, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{}
			raw := environment(t, c.stack)
			raw["charts"] = c.charts
			err := deploy(t, m, c.stack, raw)
			var wrong charts.Errors
			if errors.As(err, &wrong); len(wrong) != c.wrong || c.wrong == 0 && err != nil {
				t.Fatalf("%d errors, want %d: %v", len(wrong), c.wrong, err)
			}
			if c.wrong > 0 && !strings.Contains(err.Error(), c.message) {
				t.Errorf("err = %v, want it to contain %q", err, c.message)
			}
			for key := range m.resources {
				if c.wrong > 0 && !strings.HasPrefix(key, "pulumi:pulumi:Stack") {
					t.Errorf("%s was registered", key)
				}
			}
		})
	}
}
