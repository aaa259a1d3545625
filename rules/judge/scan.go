package judge

import "strings"

// scanner cuts a condition into tokens. What a token may be depends on where it stands, so the parser asks for one.
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

// word takes the word if it comes next and ends there.
func (s *scanner) word(word string) bool {
	rest := s.rest()
	if !strings.HasPrefix(rest, word) || (len(rest) > len(word) && wordByte(rest[len(word)])) {
		return false
	}
	s.pos += len(word)
	return true
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

// bare takes an unquoted text, which ends before any of these and white space.
func (s *scanner) bare(ends string) string {
	rest := s.rest()
	length := strings.IndexAny(rest, ends+blanks+"\v\f")
	if length < 0 {
		length = len(rest)
	}
	return s.take(length)
}

// number takes a decimal number or a hexadecimal one.
func (s *scanner) number() string {
	rest := s.rest()
	digits := func(from int, set string) int {
		to := from
		for to < len(rest) && strings.IndexByte(set, rest[to]) >= 0 {
			to++
		}
		return to
	}
	if strings.HasPrefix(rest, "0x") || strings.HasPrefix(rest, "0X") {
		if end := digits(2, "0123456789abcdefABCDEF"); end > 2 {
			return s.take(end)
		}
	}
	start := 0
	if strings.HasPrefix(rest, "+") || strings.HasPrefix(rest, "-") {
		start = 1
	}
	end := digits(start, "0123456789")
	if end == start {
		return ""
	}
	if end < len(rest) && rest[end] == '.' {
		end = digits(end+1, "0123456789")
	}
	return s.take(end)
}

// quoted takes a text in double or single quotes and unescapes it; false when none stands here or it never ends.
func (s *scanner) quoted() (string, bool) {
	rest := s.rest()
	if rest == "" || (rest[0] != '"' && rest[0] != '\'') {
		return "", false
	}
	var text strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == rest[0]:
			s.pos += i + 1
			return text.String(), true
		case rest[i] == '\\' && i+1 < len(rest):
			i++
			text.WriteString(unescape(rest[i]))
		default:
			text.WriteByte(rest[i])
		}
	}
	return "", false
}

func unescape(char byte) string {
	switch char {
	case 'b':
		return "\b"
	case 'f':
		return "\f"
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case ' ':
		return "\\"
	}
	return string(rune(char))
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
