package judge

import (
	_ "embed"
	"strings"
)

//go:embed stock.txt
var stockNames string

// StockNames are the lists, macros and rules of falco-rules 5.1.0, which is loaded before ours: files may refer to
// them. What they mean is not known here, except for the event types of macros; the real files say it.
func StockNames() File {
	return File{Name: "falco_rules.yaml", Text: stockNames, Stock: true, Names: true}
}

// placeholder stands for a condition that is not known; no macro can have a name like that in a file of Falco's.
const placeholder = "FalcoStockCondition"

// addNames reads lines of kind and name; behind a macro's name follow the event types it is restricted to.
func (s *Ruleset) addNames(file File) {
	for _, line := range strings.Split(file.Text, "\n") {
		kind, rest, ok := strings.Cut(line, " ")
		if !ok || kind == "#" {
			continue
		}
		d := &definition{kind: kind, name: rest, at: Position{File: file.Name}, stock: true, used: true, named: true, enabled: true}
		d.events = everyEvent
		if name, events, restricted := strings.Cut(rest, ": "); restricted {
			d.name, d.events = name, eventTypes{names: words(events)}
		}
		d.index = len(s.definitions)
		d.visible = d.index
		if kind != "list" {
			d.condition = source{text: placeholder, at: make([]Position, len(placeholder)+1)}
			for i := range d.condition.at {
				d.condition.at[i] = d.at
			}
		}
		s.put(d)
	}
}
