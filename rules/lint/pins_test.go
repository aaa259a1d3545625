package lint_test

import (
	"testing"

	"doks-security/rules/lint"
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
		if _, err := lint.FindFalco(charts[chart].AppVersion); err != nil {
			t.Error(err)
		}
		pinned = append(pinned, charts[chart].AppVersion)
	}
	if len(lint.Supported) != len(pinned) {
		t.Errorf("the linter supports %v, the charts install %v", lint.Supported, pinned)
	}
}
