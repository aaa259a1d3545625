package drill

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"doks-security/test/docpages"
)

// head begins docs/drills.md.
//
//go:embed page.md
var head string

// UpdatePage writes docs/drills.md. The row of a drill that was not run, or failed, stays as it is.
func UpdatePage(file string, results []Result) error {
	return docpages.Update(file, func(old string) string { return page(old, results) })
}

func page(old string, results []Result) string {
	var sections []docpages.Table
	for _, g := range groups() {
		s := docpages.Table{Title: g.title, Columns: []string{"drill", "what goes wrong", "what you see", "recovery"}}
		for _, d := range g.drills {
			filled := docpages.Row{Begin: row(d)}
			if i := slices.IndexFunc(results, func(r Result) bool {
				return r.Drill.Name == d.Name &&
					r.Status() == "ok"
			}); i >= 0 {
				filled.Shown = fmt.Sprintf(" %s | %s |\n", code(results[i].Messages), code(results[i].Recovery))
			}
			s.Rows = append(s.Rows, filled)
		}
		sections = append(sections, s)
	}
	return docpages.Fill(head, old, sections)
}

// row begins a drill's row: what does not need a run.
func row(d Drill) string {
	name := "`" + d.Name + "`"
	if inTests[d.Name] != "" {
		name += " *tested*"
	}
	return fmt.Sprintf("| %s | %s |", name, d.What)
}

func code(lines []string) string {
	if len(lines) == 0 {
		return "-"
	}
	var quoted []string
	for _, line := range lines {
		open, end := "`", "`"
		if strings.Contains(line, "`") {
			open, end = "`` ", " ``"
		}
		quoted = append(quoted, open+strings.ReplaceAll(line, "|", `\|`)+end)
	}
	return strings.Join(quoted, "<br>")
}
