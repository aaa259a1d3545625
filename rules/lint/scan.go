package lint

import (
	"fmt"
	"regexp"
	"strings"
)

// scanner cuts a condition into tokens. What a token may be depends on where it is, so the parser asks for one.
type scanner struct {
	source
	pos int
}

const blanks = " \t\b\r\n"

func (s *scanner) rest() string   { return s.text[s.pos:] }
func (s *scanner) here() Position { return s.at[s.pos] }
func (s *scanner) done() bool     { return s.pos == len(s.text) }

// blank skips white space and says whether there was any.
func (s *scanner) blank() bool {
	start := s.pos
	for !s.done() && strings.IndexByte(blanks, s.text[s.pos]) >= 0 {
		s.pos++
	}
	return s.pos > start
}

// token takes the text if it comes next.
func (s *scanner) token(text string) bool {
	if !strings.HasPrefix(s.rest(), text) {
		return false
	}
	s.pos += len(text)
	return true
}

// word takes the word if it comes next and is followed by a blank, which it takes too.
func (s *scanner) word(word string) bool {
	start := s.pos
	if s.token(word) && s.blank() {
		return true
	}
	s.pos = start
	return false
}

// take takes n bytes.
func (s *scanner) take(n int) string {
	taken := s.rest()[:n]
	s.pos += n
	return taken
}

// identifier takes the name of a macro or list.
func (s *scanner) identifier() string { return s.take(identifierLength(s.rest())) }

// fieldName takes identifiers joined by dots, at least two.
func (s *scanner) fieldName() string {
	rest := s.rest()
	length := identifierLength(rest)
	dotted := false
	for length > 0 && length < len(rest) && rest[length] == '.' {
		next := identifierLength(rest[length+1:])
		if next == 0 {
			break
		}
		length += 1 + next
		dotted = true
	}
	if !dotted {
		return ""
	}
	return s.take(length)
}

// spaces are what ends an unquoted text.
const spaces = " \t\n\v\f\r"

// bare takes an unquoted text, which ends before any of these and white space.
func (s *scanner) bare(ends string) string {
	rest := s.rest()
	length := strings.IndexAny(rest, ends+spaces)
	if length < 0 {
		length = len(rest)
	}
	return s.take(length)
}

var numberForm = regexp.MustCompile(`^(?:0[xX][0-9a-fA-F]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?)`)

// number takes what the grammar calls a number. Not all of them are one for a field.
func (s *scanner) number() string { return s.take(len(numberForm.FindString(s.rest()))) }

var negationForm = regexp.MustCompile(`^not[\t\n\v\f\r ]+`)

// negation takes `not` with the space behind it.
func (s *scanner) negation() bool { return s.take(len(negationForm.FindString(s.rest()))) != "" }

// quoted takes a text in double or single quotes and unescapes it; false when there is none here or it never ends. A
// quote behind a backslash does not end it, also when that backslash is escaped itself. An error is an escape that the
// engine does not know; the text is taken nevertheless.
func (s *scanner) quoted() (text string, found bool, err error) {
	rest := s.rest()
	if rest == "" || (rest[0] != '"' && rest[0] != '\'') {
		return "", false, nil
	}
	for i := 1; i < len(rest); i++ {
		if rest[i] == rest[0] && rest[i-1] != '\\' {
			s.pos += i + 1
			text, err = unescape(rest[1:i], rest[0])
			return text, true, err
		}
	}
	return "", false, nil
}

// unescape resolves the escapes between quotes.
func unescape(raw string, quote byte) (string, error) {
	var text strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			text.WriteByte(raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case 'b', 'f', 'n', 'r', 't':
			text.WriteByte(map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[c])
		case ' ', '\\': // a backslash before a space takes the space with it
			text.WriteByte('\\')
		case '/':
			text.WriteByte('/')
		case quote:
			text.WriteByte(c)
		default:
			return "", fmt.Errorf("`\\%c` is no escape: a backslash in quotes is written `\\\\`", c)
		}
	}
	return text.String(), nil
}

func identifierLength(text string) int {
	if text == "" || !letter(text[0]) {
		return 0
	}
	length := 1
	for length < len(text) && wordByte(text[length]) {
		length++
	}
	return length
}

func letter(c byte) bool   { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func wordByte(c byte) bool { return letter(c) || c >= '0' && c <= '9' || c == '_' }
