package rehearse

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	ofOneRun = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|default-[0-9a-z]{5}|[0-9]+`)
	// What make prints before the rehearsal, or what depends on the machine.
	ofTheMachine = regexp.MustCompile(
		`^(\.\.\.|==> (pulumi|rehearsal)\b.*| +\d+ % compiled: .*|    (charts|provider plugins): .*)$`)
)

// wantTranscript checks that the transcript in docs/quickstart.md is what a rehearsal of dev prints, but for names and
// numbers, which differ from run to run.
func wantTranscript(t *testing.T, printed string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/quickstart.md")
	if err != nil {
		t.Fatal(err)
	}
	_, transcript, _ := strings.Cut(string(page), "$ make rehearse\n")
	transcript, _, found := strings.Cut(transcript, "```")
	if !found {
		t.Fatal("docs/quickstart.md has no transcript of make rehearse")
	}
	lines := map[string]bool{}
	for line := range strings.Lines(printed) {
		lines[ofOneRun.ReplaceAllString(strings.TrimSpace(line), "0")] = true
	}
	for line := range strings.Lines(transcript) {
		line = strings.TrimRight(line, "\n")
		if !ofTheMachine.MatchString(line) && !lines[ofOneRun.ReplaceAllString(strings.TrimSpace(line), "0")] {
			t.Errorf("a rehearsal no longer prints %q; ci/quickstart writes docs/quickstart.md again", line)
		}
	}
}
