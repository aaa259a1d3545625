package drill

import "regexp"

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
}

// neutral makes a message the same in each run.
func (r *Run) neutral(message string) string {
	for _, v := range volatile {
		message = v.pattern.ReplaceAllString(message, v.instead)
	}
	return message
}
