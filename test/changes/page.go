package changes

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"doks-security/test/docpages"
)

// head begins docs/changing-settings.md.
//
//go:embed page.md
var head string

// UpdatePage writes docs/changing-settings.md. The row of a change that was not made, or failed, stays as it is.
func UpdatePage(file string, results []Result) error {
	return docpages.Update(file, func(old string) string { return page(old, results) })
}

func page(old string, results []Result) string {
	var filled []docpages.Table
	for _, s := range sections() {
		table := docpages.Table{Title: s.title, Columns: []string{"setting", "from → to", "what happens", "restarts"}}
		for _, c := range s.changes {
			r := docpages.Row{Begin: row(c)}
			for _, result := range results {
				if result.name() == c.name() && result.Err == nil {
					r.Shown = result.shown()
				}
			}
			table.Rows = append(table.Rows, r)
		}
		filled = append(filled, table)
	}
	return docpages.Fill(head, old, filled)
}

// row begins a change's row: what does not need a run.
func row(c Change) string {
	name := "`" + c.Setting + "`"
	if slices.Contains(inTests, c.Setting) {
		name += " *tested*"
	}
	to := text(c.To)
	var with []string
	for _, v := range c.Alongside {
		with = append(with, fmt.Sprintf("`%s`: %s", v.Path, text(v.To)))
	}
	if len(with) > 0 {
		to += " with " + strings.Join(with, ", ")
	}
	return fmt.Sprintf("| %s | %s → %s |", name, text(c.from()), to)
}

// text is a value as the page has it.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return "not set"
	case secret:
		return "another secret"
	case list:
		var all []string
		for _, element := range v {
			all = append(all, text(element))
		}
		return strings.Join(all, ", ")
	case object:
		if encrypted(v) {
			return "a secret"
		}
		return "nothing else"
	case string:
		if len(v) > 40 { // a digest
			v = v[:12] + "..."
		}
		return "`" + v + "`"
	}
	return fmt.Sprintf("`%v`", value)
}

// shown ends a row.
func (r Result) shown() string {
	what, restarts := r.what(), "-"
	if len(r.Restarts) > 0 {
		restarts = code(r.Restarts)
	}
	if r.Back != nil {
		what += "; back: " + r.Back.what()
		if r.Back.Refused == "" && !slices.Equal(r.Back.Restarts, r.Restarts) {
			restarts += "; back: " + code(r.Back.Restarts)
		}
	}
	return fmt.Sprintf(" %s | %s |\n", strings.ReplaceAll(what, "|", `\|`), restarts)
}

func code(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

// verbs are the operations in the order of a row.
var verbs = []struct{ op, verb string }{
	{"update", "updates"}, {"replace", "replaces"}, {"create", "creates"}, {"delete", "deletes"},
}

// atMost is how many resources of a kind are named; more are counted.
const atMost = 3

func (r Result) what() string {
	if r.Refused != "" {
		return "refused: " + r.Refused
	}
	var parts []string
	for _, v := range verbs {
		byKind := map[string][]string{}
		var kinds []string
		for urn, op := range r.Done {
			if kind, name := resourceOf(urn); op == v.op {
				byKind[kind], kinds = append(byKind[kind], name), append(kinds, kind)
			}
		}
		slices.Sort(kinds)
		var of []string
		for _, kind := range slices.Compact(kinds) {
			names := byKind[kind]
			slices.Sort(names)
			if len(names) > atMost {
				of = append(of, fmt.Sprintf("%d of %s", len(names), kind))
			} else {
				of = append(of, kind+" "+code(names))
			}
		}
		if len(of) > 0 {
			parts = append(parts, v.verb+" "+strings.Join(of, ", "))
		}
	}
	if len(parts) == 0 {
		return "changes no resource"
	}
	return strings.Join(parts, "; ")
}
