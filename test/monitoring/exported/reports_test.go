package exported_test

import (
	"errors"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"doks-security/test/monitoring/dashboards"
	"doks-security/test/monitoring/pipeline"
	"doks-security/values"
)

// A report of the scanner becomes metrics, what the panels show, and an alert. Controls that nothing can check on DOKS,
// which the scanner shows as passed, do not.
func TestReportsBecomeAlerts(t *testing.T) {
	l := pipeline.New(t.TempDir(), false)
	t.Cleanup(func() {
		if err := l.StopAll(); err != nil {
			t.Error(err)
		}
	})
	skipWithout := func(err error) {
		t.Helper()
		if missing := (*pipeline.Unavailable)(nil); errors.As(err, &missing) {
			t.Skip(missing)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := l.File(t.Context(), "prometheus")
	skipWithout(err)
	s, err := startScanning(t, l)
	skipWithout(err)
	p, err := l.StartPrometheus(t.Context(), pipeline.PrometheusArgs{Stack: s.stack, Every: time.Second,
		Targets: map[string][]*pipeline.Process{"trivy-operator": {s.operator}}})
	skipWithout(err)
	const alert, image = `ALERTS{alertname="CriticalVulnerabilityWithFix"`, `namespace="shop",image_repository="shop"`
	wanted := map[string]string{
		"the alert":                      alert + "," + image + `,image_tag="1"}`,
		"a benchmark control that fails": `trivy_compliance_info{title=~"CIS .*",compliance_id="5.2.2",status="Fail"}`,
		"a minor one":                    `trivy_compliance_info{title=~"CIS .*",compliance_id="5.2.7",status="Fail"}`,
		"one of the NSA":                 `trivy_compliance_info{title=~"National .*",compliance_id="1.2",status="Fail"}`,
	}
	dashboard, err := dashboards.ReadFile(
		filepath.Join(root, values.ExampleAddonsDir, "trivy-operator/dashboards/trivy-operator.json"))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(wanted, dashboard.Queries())
	for deadline := time.Now().Add(60 * time.Second); len(wanted) > 0; time.Sleep(time.Second) {
		for name, expr := range wanted {
			n, err := p.Query(t.Context(), expr)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if n > 0 {
				delete(wanted, name)
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no result of %v", wanted)
		}
	}
	for _, never := range []string{`trivy_compliance_info{title=~"CIS .*",compliance_id=~"[1-4][.].*"}`,
		`trivy_role_rbacassessments`, `go_goroutines`} {
		if n, err := p.Query(t.Context(), never); err != nil || n > 0 {
			t.Errorf("%d series of %s (%v), want none", n, never, err)
		}
	}
}
