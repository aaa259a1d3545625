package lint

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// source is a text of a rule file as YAML gives it, with the place of each of its bytes.
type source struct {
	text string
	at   []Position // one for each byte, and one for the end
}

// newSource maps a scalar back to its file: YAML folds lines and drops indentation, so the characters other than
// spaces are found again one after the other.
func newSource(file string, lines []string, node *yaml.Node) source {
	reader := fileReader{lines: lines, line: max(node.Line-1, 0), column: max(node.Column-1, 0)}
	switch {
	case node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		reader.line, reader.column = reader.line+1, 0
	case node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		reader.column++
	}
	s := source{text: node.Value, at: make([]Position, 0, len(node.Value)+1)}
	for _, char := range node.Value {
		if !strings.ContainsRune(" \t\r\n", char) {
			reader.find(char, node.Style)
		}
		for range len(string(char)) {
			s.at = append(s.at, Position{file, reader.line + 1, reader.column + 1})
		}
		if !strings.ContainsRune("\r\n", char) {
			reader.column++
		}
	}
	for len(s.at) <= len(s.text) { // invalid UTF-8 decodes to a longer character
		s.at = append(s.at, Position{file, reader.line + 1, reader.column + 1})
	}
	return s
}

// join appends as Falco does with `override: {condition: append}`: with a space between.
func (s source) join(other source) source {
	gap := s.at[len(s.at)-1]
	return source{text: s.text + " " + other.text, at: append(append(s.at[:len(s.text):len(s.text)], gap), other.at...)}
}

// textAt is a text all of which is at one place.
func textAt(text string, at Position) source {
	var b builder
	b.add(text, at)
	return b.source(at)
}

// builder puts a source together.
type builder struct {
	text strings.Builder
	at   []Position
}

func (b *builder) add(text string, at Position) {
	b.text.WriteString(text)
	for range len(text) {
		b.at = append(b.at, at)
	}
}

func (b *builder) addSource(s source) {
	b.text.WriteString(s.text)
	b.at = append(b.at, s.at[:len(s.text)]...)
}

// source is what was put together; end is the place behind it.
func (b *builder) source(end Position) source {
	return source{text: b.text.String(), at: append(b.at, end)}
}

// part is the text from one byte to another.
func (s source) part(from, to int) source {
	return source{text: s.text[from:to], at: s.at[from : to+1]}
}

// fileReader walks over the characters of a file.
type fileReader struct {
	lines        []string
	line, column int
	runes        []rune // of line decoded
	decoded      int    // its number plus one
}

// find moves to the next character that is char, over spaces and YAML's escapes; it stays where it is when there is
// none.
func (r *fileReader) find(char rune, style yaml.Style) {
	line, column := r.line, r.column
	for escapes := 0; escapes <= 1; {
		current, ok := r.current()
		switch {
		case !ok && r.line+1 < len(r.lines):
			r.line, r.column = r.line+1, 0
		case ok && (current == ' ' || current == '\t' || current == '\r'):
			r.column++
		case ok && current == char:
			if next := r.column + 1; char == '\'' && style&yaml.SingleQuotedStyle != 0 && next < len(r.runes) &&
				r.runes[next] == '\'' {
				r.column++
			}
			return
		case ok && current == '\\' && style&yaml.DoubleQuotedStyle != 0:
			r.column++
			escapes++
		default:
			r.line, r.column = line, column
			return
		}
	}
	r.line, r.column = line, column
}

func (r *fileReader) current() (rune, bool) {
	if r.line >= len(r.lines) {
		return 0, false
	}
	if r.decoded != r.line+1 {
		r.runes, r.decoded = []rune(r.lines[r.line]), r.line+1
	}
	if r.column >= len(r.runes) {
		return 0, false
	}
	return r.runes[r.column], true
}
