package ci

import (
	"regexp"
	"testing"

	"github.com/golangci/misspell"
)

// foreign are files with the words of other projects, and the one with misspelled words.
var foreign = regexp.MustCompile(
	`^(test/fakeproviders/.*\.answers\.yaml|rules/lint/testdata/verdicts/.*|test/ci/spelling_test\.go)$`)

// Common misspellings, and British spelling. golangci-lint reads Go with the same lists: the messages in code as well.
func TestSpelling(t *testing.T) {
	r := misspell.New()
	r.AddRuleList(misspell.DictAmerican)
	r.RemoveRule([]string{
		"cancelled", "cancelling", // as GitHub and Pulumi spell them
		"mitre",                // MITRE ATT&CK
		"reciever", "secuirty", //nolint:misspell // what tests misspell
	})
	r.Compile()
	for file, text := range texts(t) {
		if foreign.MatchString(file) {
			continue
		}
		_, diffs := r.Replace(text)
		for _, d := range diffs {
			t.Errorf("%s:%d: %q; fix: %q", file, d.Line, d.Original, d.Corrected)
		}
	}
	if _, diffs := r.Replace("the licence"); len(diffs) != 1 { //nolint:misspell // on purpose
		t.Error("British spelling is not found")
	}
}
