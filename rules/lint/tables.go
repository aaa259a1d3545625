package lint

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed fields.txt
var fieldLines string

//go:embed events.txt
var eventLines string

//go:embed arguments.txt
var argumentLines string

// tables are what a release knows: its fields, events and arguments of events.
type tables struct {
	fields    map[string]fieldInfo
	longest   int               // the length of the longest name of a field
	events    map[string]int    // the number of codes of a name, sharedCodes without its own codes
	arguments map[string]string // their type
}

// sharedCodes marks events that have no code of their own.
const sharedCodes = -1

// fieldInfo is what is known of a field.
type fieldInfo struct {
	kind          string // as libsinsp calls the type: charbuf, uint64, ipnet, ...
	index, key    bool   // takes a number or a name in brackets
	required      bool   // must have one
	list          bool   // its value is a list
	filterOnly    bool
	noTransformer bool
	noRight       bool
	plugin        bool
}

var knownTables sync.Map // by Falco

func (f Falco) tables() *tables {
	if known, ok := knownTables.Load(f); ok {
		return known.(*tables)
	}
	t := &tables{fields: map[string]fieldInfo{}, events: map[string]int{}, arguments: map[string]string{}}
	for _, line := range f.lines(fieldLines) {
		columns := strings.Fields(line)
		has := func(word string) bool { return slices.Contains(columns[2:], word) }
		t.longest = max(t.longest, len(columns[0]))
		t.fields[columns[0]] = fieldInfo{
			kind: columns[1], index: has("index"), key: has("key") || has("key!"), required: has("key!"), list: has("list"),
			filterOnly: has("filter"), noTransformer: has("no-transformer"), noRight: has("no-right"), plugin: has("plugin"),
		}
	}
	for _, line := range f.lines(eventLines) {
		for _, word := range strings.Fields(line) {
			name, codes, own := strings.Cut(word, "=")
			t.events[name] = sharedCodes
			if own {
				t.events[name], _ = strconv.Atoi(codes)
			}
		}
	}
	kind := ""
	for _, line := range f.lines(argumentLines) {
		names := line
		if before, after, ok := strings.Cut(line, ": "); ok {
			kind, names = before, after
		}
		for _, name := range strings.Fields(names) {
			t.arguments[name] = kind
		}
	}
	known, _ := knownTables.LoadOrStore(f, t)
	return known.(*tables)
}

// lines are those of a table without comments, and without what only a later release has.
func (f Falco) lines(table string) []string {
	var lines []string
	for _, line := range strings.Split(table, "\n") {
		version, section := strings.CutPrefix(line, "@")
		switch {
		case section && !f.since(version):
			return lines
		case section || line == "" || strings.HasPrefix(line, "#"):
		default:
			lines = append(lines, line)
		}
	}
	return lines
}
