package lint

import "strings"

// glob matches shell patterns over the whole text as fnmatch(3) does: `*`, `?` and `[...]`, which match a slash too,
// and `\`. The last star is all that is ever gone back to, so the time is bounded.
func glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, t
			p++
			continue
		}
		if n, ok := globOne(pattern[p:], text[t]); ok {
			p += n
			t++
			continue
		}
		if star < 0 {
			return false
		}
		mark++
		p, t = star+1, mark
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// globOne matches one character with the head of a pattern, and returns the head's length.
func globOne(pattern string, char byte) (int, bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '\\':
		return 2, len(pattern) > 1 && pattern[1] == char
	case '[':
		if n, ok := globSet(pattern, char); n > 0 {
			return n, ok
		}
	}
	return 1, pattern[0] == char
}

// globSet matches one character with `[...]`, and returns its length; 0 for a bracket without its end.
func globSet(pattern string, char byte) (length int, matched bool) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	for first := true; ; first = false {
		if i >= len(pattern) {
			return 0, false
		}
		if pattern[i] == ']' && !first {
			return i + 1, matched != negated
		}
		if class, n := globClass(pattern[i:]); n > 0 {
			i += n
			matched = matched || class(char)
			continue
		}
		low, n := globChar(pattern[i:])
		if n == 0 {
			return 0, false
		}
		i += n
		high := low
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			if high, n = globChar(pattern[i+1:]); n == 0 {
				return 0, false
			}
			i += 1 + n
		}
		matched = matched || low <= char && char <= high
	}
}

// globChar is a character in brackets, behind a backslash if there is one; of length 0 when the pattern ends.
func globChar(pattern string) (char byte, length int) {
	switch {
	case pattern == "" || pattern == "\\":
		return 0, 0
	case pattern[0] == '\\':
		return pattern[1], 2
	}
	return pattern[0], 1
}

// globClass is a class in brackets such as [:alpha:]; of length 0 when there is none.
func globClass(pattern string) (class func(byte) bool, length int) {
	name, _, found := strings.Cut(strings.TrimPrefix(pattern, "[:"), ":]")
	if class = globClasses[name]; !strings.HasPrefix(pattern, "[:") || !found || class == nil {
		return nil, 0
	}
	return class, len("[::]") + len(name)
}

func between(low, high byte) func(byte) bool {
	return func(c byte) bool { return low <= c && c <= high }
}

func either(classes ...func(byte) bool) func(byte) bool {
	return func(c byte) bool {
		for _, class := range classes {
			if class(c) {
				return true
			}
		}
		return false
	}
}

var (
	digit, lower, upper = between('0', '9'), between('a', 'z'), between('A', 'Z')
	graphic             = between('!', '~')
	alphanumeric        = either(digit, lower, upper)

	globClasses = map[string]func(byte) bool{
		"alpha": either(lower, upper), "digit": digit, "alnum": alphanumeric, "lower": lower, "upper": upper,
		"xdigit": either(digit, between('a', 'f'), between('A', 'F')), "graph": graphic, "print": between(' ', '~'),
		"punct": func(c byte) bool { return graphic(c) && !alphanumeric(c) },
		"cntrl": either(between(0, 31), between(127, 127)),
		"blank": func(c byte) bool { return c == ' ' || c == '\t' }, "space": either(between('\t', '\r'), between(' ', ' ')),
	}
)
