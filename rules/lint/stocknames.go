package lint

import (
	_ "embed"
	"strconv"
	"strings"
)

var (
	//go:embed stable.txt
	stableNames string
	//go:embed incubating.txt
	incubatingNames string
	//go:embed sandbox.txt
	sandboxNames string
)

// StockNames are the lists, macros and rules of Falco's own files that a ruleset loads before ours: files may refer to
// them. What they mean is not known here, except for the event types of macros and rules, the number of items of lists,
// and what refers to what; the real files say it.
func StockNames(ruleset string) []File {
	var files []File
	for _, s := range StocksOf(ruleset) {
		files = append(files, File{Name: s.Name, Text: s.names, Stock: true, Names: true})
	}
	return files
}

// placeholder stands for a condition that is not known; no macro can have a name like that in a file of Falco's.
const placeholder = "FalcoStockCondition"

// addNames reads lines of kind and name; behind a list's name follows the number of its items, behind that of a macro
// or a rule the event types it is restricted to, behind a second colon the lists and macros it refers to, and behind a
// third the macros that restrict it.
func (s *Ruleset) addNames(file File) {
	for _, line := range strings.Split(file.Text, "\n") {
		kind, rest, ok := strings.Cut(line, " ")
		if !ok || kind == "#" {
			continue
		}
		columns := append(strings.Split(rest, ": "), "", "", "")
		d := &definition{
			kind: kind, name: columns[0], at: Position{File: file.Name}, stock: true, named: true, enabled: true,
			index: s.counter, visible: s.counter, uses: strings.Fields(columns[2]),
			needs: strings.Fields(columns[3]),
		}
		s.counter++
		switch {
		case kind == "list":
			d.count, _ = strconv.Atoi(columns[1])
		case columns[1] == "":
			d.events = everyEvent
		default:
			d.events = eventTypes{names: words(columns[1])}
		}
		if kind == "rule" {
			d.source = "syscall"
		}
		if kind != "list" {
			d.condition = textAt(placeholder, d.at)
		}
		s.put(d)
	}
}

// words are those of a text.
func words(text string) map[string]bool {
	known := map[string]bool{}
	for _, word := range strings.Fields(text) {
		known[word] = true
	}
	return known
}
