package lint

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const quotedStyle = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle

// File is a rule file. Files are loaded in the order they are given.
type File struct {
	Name string
	Text string
	// Stock marks Falco's own: its style is not linted.
	Stock bool
	// Names marks a file that only names what Falco's own rules define; see StockNames.
	Names bool
}

// definition is a list, a macro or a rule after all overrides.
type definition struct {
	kind  string
	name  string
	at    Position
	stock bool // Falco's own files define it
	used  bool
	// index is the place in the load order; what was defined before visible can be referred to. A redefinition keeps
	// the index, so that earlier users see it, and refers to what its own file sees.
	index, visible int

	items      []Value // of a list
	condition  source  // of a macro or rule
	exceptions []exception
	expr       Expr // the condition parsed, with its lists
	changed    Expr // what a mutant has instead
	output     source
	source     string
	enabled    bool
	quiet      bool // warn_evttypes: false
	skip       bool // skip-if-unknown-filter: true
	ignored    bool // of an unknown source

	named  bool     // only the name is known, and
	count  int      // of a list how many items it has
	uses   []string // which lists and macros the condition refers to
	needs  []string // those of the macros without which it is restricted to no event types
	events eventTypes
}

// Ruleset is what Falco has after loading: every rule with its resolved condition.
type Ruleset struct {
	falco       Falco
	definitions []*definition
	byName      map[string]*definition // by kind and name
	resolved    map[*definition]Expr   // rules and macros
	counter     int
	changes     []change
	parsed      map[string]Expr     // conditions by their text, for mutants
	items       map[Position]string // of lists, by their place
}

// change is an entry of the file that is loaded, with the text it replaced.
type change struct {
	*definition
	at       Position
	replaced string
}

// Load reads files in their order and checks them, for every release given, or for all supported ones. Without an error
// the ruleset of the last release is usable.
func Load(falcos []Falco, files ...File) (*Ruleset, Problems) {
	if len(falcos) == 0 {
		falcos = Supported
	}
	var set *Ruleset
	var byRelease []Problems
	for _, falco := range falcos {
		var problems Problems
		set, problems = loadOn(falco, files)
		byRelease = append(byRelease, problems)
	}
	return set, accepted(merge(byRelease, falcos), files)
}

// loadOn is Load for one release. The engine compiles everything after each file: a file cannot refer to a later one,
// and what is wrong for the first time is wrong because of the file.
func loadOn(falco Falco, files []File) (*Ruleset, Problems) {
	var all, seen Problems
	set := &Ruleset{falco: falco, byName: map[string]*definition{}, parsed: map[string]Expr{}}
	for _, file := range files {
		if file.Names {
			set.addNames(file)
			continue
		}
		set.changes = nil
		var problems, compiled Problems
		doc := readDocument(falco, file, &problems)
		for _, e := range doc.entries {
			set.add(&doc, e, file.Stock, &problems)
		}
		set.compile(&compiled)
		for _, p := range compiled.sorted() {
			if !slices.ContainsFunc(seen, func(s Problem) bool { return s.Position == p.Position && s.Message == p.Message }) {
				problems = append(problems, set.blame(p, file))
				seen = append(seen, p)
			}
		}
		all = append(all, slices.DeleteFunc(problems, func(p Problem) bool { return p.Warning && file.Stock })...)
	}
	if set.resolved == nil {
		set.compile(&all)
	}
	return set, all
}

// blame places a problem in the file that causes it: at the entry that changed what the problem is about.
func (s *Ruleset) blame(p Problem, file File) Problem {
	if p.File == file.Name || len(s.changes) == 0 {
		return p
	}
	cause := s.changes[len(s.changes)-1]
	about := p.about
	if about == nil {
		about = s.at(p.Position)
	}
	for _, c := range slices.Backward(s.changes) {
		if about != nil && (c.definition == about || s.mentions(about, c.name) || mentions(c.replaced, about.name)) {
			cause = c
			break
		}
	}
	switch p.Name {
	case unusedList, unusedMacro: // harmless: it was used before
		p.Message = "after this change nothing uses the " + about.kind + " " + about.name + " of " + p.Position.String()
		p.Notice = true
	default:
		p.Message += " (at " + p.Position.String() + ", caused by this change of " + cause.kind + " " + cause.name + ")"
	}
	p.Position = cause.at
	return p
}

// at finds the definition that a place belongs to: the last that begins before it.
func (s *Ruleset) at(place Position) *definition {
	var found *definition
	for _, d := range s.definitions {
		before := d.at.Line < place.Line || d.at.Line == place.Line && d.at.Column <= place.Column
		if d.at.File == place.File && before && (found == nil || found.at.Line <= d.at.Line) {
			found = d
		}
	}
	return found
}

// mentions is true of a definition that refers to a name, itself or through macros.
func (s *Ruleset) mentions(d *definition, name string) bool {
	visited := map[*definition]bool{}
	var search func(d *definition) bool
	search = func(d *definition) bool {
		if visited[d] {
			return false
		}
		visited[d] = true
		words := append(slices.Clone(d.uses), identifiers(d.condition.text)...)
		if slices.Contains(words, name) {
			return true
		}
		return slices.ContainsFunc(words, func(word string) bool {
			macro := s.find("macro", word)
			return macro != nil && search(macro)
		})
	}
	return search(d)
}

// identifiers are the words of a condition that may be names.
func identifiers(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n\r(),=\"'", r) })
}

func mentions(text, name string) bool { return slices.Contains(identifiers(text), name) }

func (s *Ruleset) find(kind, name string) *definition { return s.byName[kind+" "+name] }

func (s *Ruleset) put(d *definition) {
	s.definitions = append(s.definitions, d)
	s.byName[d.kind+" "+d.name] = d
}
