package exported

import (
	"slices"
	"strings"
	"testing"
)

func TestChartsReadWhatIsExported(t *testing.T) {
	exporters, err := Charts()
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range exporters {
		metrics := map[string][]string{}
		for _, metric := range e.Metrics {
			metrics[metric] = nil
		}
		for _, problem := range e.Check(metrics) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// Check finds what a recording does not show.
func TestCheck(t *testing.T) {
	const seen = "alertmanager_notifications_total"
	for name, c := range map[string]struct {
		proof   Proof
		metrics map[string][]string
		want    string
	}{
		"neither":           {Proof{}, nil, "needs program"},
		"both":              {Proof{Program: "alertmanager", Unproven: "a"}, nil, "needs program"},
		"no recording":      {Proof{Program: "other"}, nil, "no recording of other"},
		"a misspelled name": {Proof{Program: "alertmanager"}, map[string][]string{seen + "s": nil}, "does not export"},
		"a misspelled label": {Proof{Program: "alertmanager"}, map[string][]string{seen: {"integrations"}},
			`no label "integrations"`},
		"needlessly unseen": {Proof{Program: "alertmanager", Unseen: map[string]string{seen: "a"}},
			map[string][]string{seen: nil}, "remove it from unseen"},
		"unseen, not read": {Proof{Program: "alertmanager", Unseen: map[string]string{"a": "b"}}, nil, "not read"},
	} {
		errs := c.proof.Check(c.metrics)
		if !slices.ContainsFunc(errs, func(problem string) bool { return strings.Contains(problem, c.want) }) {
			t.Errorf("%s: %q, want %q", name, errs, c.want)
		}
	}
	if errs := (Proof{Program: "alertmanager"}).Check(map[string][]string{seen: {"integration"}}); len(errs) > 0 {
		t.Error(errs)
	}
}
