package docpages

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Table is a heading with a table, whose rows runs fill.
type Table struct {
	Title   string
	Columns []string
	Rows    []Row
}

// Row is what a row begins with, in Markdown, and what a run showed. Shown is empty when there was none.
type Row struct{ Begin, Shown string }

// Fill writes a page. A row that no run filled stays as it is on the old page.
func Fill(head, old string, tables []Table) string {
	var b strings.Builder
	b.WriteString(head)
	for _, s := range tables {
		fmt.Fprintf(&b, "\n## %s\n\n| %s |\n%s|\n",
			s.Title, strings.Join(s.Columns, " | "), strings.Repeat("|---", len(s.Columns)))
		for _, row := range s.Rows {
			shown := row.Shown
			if shown == "" {
				shown = kept(old, row.Begin)
			}
			b.WriteString(row.Begin + shown)
		}
	}
	return b.String()
}

// kept is the rest of the old page's row that begins so.
func kept(old, begin string) string {
	shown := " not rehearsed yet | |\n"
	for line := range strings.Lines(old) {
		if rest, ok := strings.CutPrefix(line, begin); ok {
			shown = rest
		}
	}
	return shown
}

// Update replaces a page by what fill makes of it. A file that does not exist is empty.
func Update(file string, fill func(old string) string) error {
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(file, []byte(fill(string(old))), 0o644)
}
