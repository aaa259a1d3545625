package drill

import (
	"errors"
	"strings"
	"testing"
)

// The page has what successful drills showed, and keeps the rows of others.
func TestPageIsUpdated(t *testing.T) {
	first, second := All()[0], All()[1]
	shown := page("", []Result{{Drill: first, Messages: []string{"error: a|b"}, Recovery: []string{"pulumi up"}}, {Drill: second}})
	shown = page(shown, []Result{{Drill: first, Err: errors.New("failed")}, {Drill: second, Messages: []string{"has a `mark`"}}})
	for _, want := range []string{
		row(first) + " `error: a\\|b` | `pulumi up` |\n",
		row(second) + " `` has a `mark` `` | - |\n",
		row(All()[2]) + " not rehearsed yet | |\n",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("the page does not contain %q:\n%s", want, shown)
		}
	}
}

// What differs from run to run is no part of the page.
func TestMessagesAreNeutral(t *testing.T) {
	for message, want := range map[string]string{
		"GET http://127.0.0.1:4711/v2/vpcs/3f0e8a52-7d0c-4a41-9f5e-0a8a1c0b6c11 on 127.0.0.1:4712 (1.5s)": "GET <server>/v2/vpcs/<id> on <address> (<time>)",
		"write /var/tmp/doks-rehearsal-12/state/dev.json.18eb6b285848ed19.tmp: no space":                  "write <directory>/state/dev.json.<id>.tmp: no space",
	} {
		if got := (&Run{}).neutral(message); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
