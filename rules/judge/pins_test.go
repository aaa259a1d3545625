package judge_test

import (
	"fmt"
	"strings"
	"testing"

	"doks-security/rules/judge"
	"doks-security/values"
)

// What is pinned here is what the charts install.
func TestPinsAgree(t *testing.T) {
	charts, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	var pinned []string
	for _, chart := range []string{"falco-8", "falco"} {
		if _, err := judge.FindFalco(charts[chart].AppVersion); err != nil {
			t.Error(err)
		}
		pinned = append(pinned, charts[chart].AppVersion)
	}
	if len(judge.Supported) != len(pinned) {
		t.Errorf("the linter supports %v, the charts install %v", judge.Supported, pinned)
	}
	falco, err := values.Load("falco", "dev", values.DefaultNamespaces())
	if err != nil {
		t.Fatal(err)
	}
	refs := fmt.Sprint(falco["falcoctl"])
	const version = "falco-rules:5.1.0"
	if !strings.Contains(refs, version) ||
		!strings.Contains(judge.StockRules.URL, strings.Replace(version, ":", "-", 1)+"/") ||
		!strings.Contains(judge.StockNames().Text, strings.Replace(version, ":", " ", 1)) {
		t.Errorf("values/falco.yaml installs %s; the names and the pinned file are of %s", refs, version)
	}
}
