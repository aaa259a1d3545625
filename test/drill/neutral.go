package drill

import "regexp"

// progress is what Pulumi prints of a resource before the error, which it repeats below.
var progress = regexp.MustCompile(`^[-+~]+ +\S+:\S+ .*? error: `)

// volatile is what differs from run to run in a message, and what docs/drills.md has instead.
var volatile = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<id>"},
	{regexp.MustCompile(`https?://127\.0\.0\.1:\d+`), "<server>"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "<address>"},
	{regexp.MustCompile(`\(\d+(\.\d+)?m?s\)`), "(<time>)"},
	{regexp.MustCompile(`[^\s"'(]*doks-rehearsal-\d+`), "<directory>"},
	{regexp.MustCompile(`\.json\.[0-9a-f]{16}\.tmp`), ".json.<id>.tmp"},
	{regexp.MustCompile(`/dev-\d+\.`), "/dev-<number>."},
	{regexp.MustCompile(`error: .*: write <directory>\S+: no space`), "error: ...: write <directory>/...: no space"},
	{regexp.MustCompile(`(helm rollback \S+|at revision) \d+`), "$1 <revision>"},
}

// neutral makes a message the same in each run, and begins it with what is wrong.
func (r *Run) neutral(message string) string {
	message = progress.ReplaceAllString(message, "error: ")
	for _, v := range volatile {
		message = v.pattern.ReplaceAllString(message, v.instead)
	}
	return message
}
