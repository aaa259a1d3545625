package drill

import (
	"errors"
	"strings"
	"testing"
)

// The page has what successful drills showed, and keeps the rows of others.
func TestPageIsUpdated(t *testing.T) {
	first, second := All()[0], All()[1]
	shown := page("", []Result{{Drill: first, Messages: []string{"error: a|b"}, Recovery: []string{"pulumi up"}},
		{Drill: second}})
	shown = page(shown, []Result{{Drill: first, Err: errors.New("failed")},
		{Drill: second, Messages: []string{"has a `mark`"}}})
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
	for _, c := range []struct{ message, want string }{
		{"GET http://127.0.0.1:4711/v2/vpcs/3f0e8a52-7d0c-4a41-9f5e-0a8a1c0b6c11 on 127.0.0.1:4712 (1.5s)",
			"GET <server>/v2/vpcs/<id> on <address> (<time>)"},
		{"fix: helm rollback loki 3 --namespace loki, then pulumi up again",
			"fix: helm rollback loki <revision> --namespace loki, then pulumi up again"},
		{"an earlier run was interrupted at revision 2", "an earlier run was interrupted at revision <revision>"},
		{"error: saving: write /tmp/doks-rehearsal-12/state/.pulumi/stacks/dev.json: no space left",
			"error: ...: write <directory>/...: no space left"},
		{"write /var/tmp/doks-rehearsal-12/state/dev.json.18eb6b285848ed19.tmp: no space",
			"write <directory>/state/dev.json.<id>.tmp: no space"},
		{"open history/dev-1795660627820028610.history.json", "open history/dev-<number>.history.json"},
		{"~  kubernetes:helm.sh/v3:Release loki update [diff: ~values]; error: Preview failed: refused",
			"error: Preview failed: refused"},
		{"+  digitalocean:index:Project doks-security creating (1s) error: creating project: error: 503",
			"error: creating project: error: 503"},
		{"-  kubernetes:helm.sh/v3:Release alloy deleted (0.1s)", "-  kubernetes:helm.sh/v3:Release alloy deleted (<time>)"},
	} {
		if got := (&Run{}).neutral(c.message); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
