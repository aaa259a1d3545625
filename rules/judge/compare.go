package judge

import (
	"encoding/hex"
	"path"
	"regexp"
	"slices"
	"strings"
)

// compareText compares one value of a field with what stands on the right.
func compareText(operator, kind, value string, want []string) bool {
	switch operator {
	case "in", "intersects":
		return slices.ContainsFunc(want, func(w string) bool { return equal(kind, value, w) })
	case "pmatch":
		return slices.ContainsFunc(want, func(w string) bool { return pathPrefix(w, value) })
	}
	return slices.ContainsFunc(want, func(w string) bool { return compareOne(operator, kind, value, w) })
}

func compareOne(operator, kind, value, want string) bool {
	switch operator {
	case "=", "==":
		return equal(kind, value, want)
	case "!=":
		return !equal(kind, value, want)
	case "<", "<=", ">", ">=":
		return ordered(operator, kind, value, want)
	case "contains":
		return strings.Contains(value, want)
	case "icontains":
		return strings.Contains(strings.ToLower(value), strings.ToLower(want))
	case "bcontains":
		return strings.Contains(value, fromHex(want))
	case "startswith":
		return strings.HasPrefix(value, want)
	case "bstartswith":
		return strings.HasPrefix(value, fromHex(want))
	case "endswith":
		return strings.HasSuffix(value, want)
	case "glob":
		return glob(want, value)
	case "iglob":
		return glob(strings.ToLower(want), strings.ToLower(value))
	case "regex":
		matched, err := regexp.MatchString("^(?s:"+want+")$", value)
		return err == nil && matched
	}
	return false
}

// equal compares numbers as numbers, and an address with the network it lies in.
func equal(kind, value, want string) bool {
	switch kind {
	case "number":
		v, err := parseNumber(value)
		w, wantErr := parseNumber(want)
		return err == nil && wantErr == nil && v == w
	case "network", "address":
		v, err := parseNetwork(value)
		w, wantErr := parseNetwork(want)
		return err == nil && wantErr == nil && w.Bits() <= v.Bits() && w.Contains(v.Addr())
	}
	return value == want
}

func ordered(operator, kind, value, want string) bool {
	order := strings.Compare(value, want)
	if kind == "number" {
		v, err := parseNumber(value)
		w, wantErr := parseNumber(want)
		if err != nil || wantErr != nil {
			return false
		}
		switch {
		case v < w:
			order = -1
		case v > w:
			order = 1
		default:
			order = 0
		}
	}
	switch operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

func fromHex(text string) string {
	decoded, err := hex.DecodeString(text)
	if err != nil {
		return text
	}
	return string(decoded)
}

// pathPrefix is true when the path is the directory or lies below it. Every name of the directory may be a pattern.
func pathPrefix(directory, value string) bool {
	names := strings.Split(strings.Trim(directory, "/"), "/")
	have := strings.Split(strings.Trim(value, "/"), "/")
	if len(have) < len(names) {
		return false
	}
	for i, name := range names {
		if matched, err := path.Match(name, have[i]); name != have[i] && (err != nil || !matched) {
			return false
		}
	}
	return true
}

// glob matches shell patterns over the whole text: `*`, `?` and `[...]`, which match a slash too. The last star is all
// that is ever gone back to, so the time is bounded.
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
		if len(pattern) > 1 {
			return 2, pattern[1] == char
		}
	case '[':
		if end := strings.IndexByte(pattern[1:], ']'); end > 0 {
			matched, err := path.Match("["+strings.Replace(pattern[1:end+1], "!", "^", 1)+"]", string(rune(char)))
			return end + 2, err == nil && matched
		}
	}
	return 1, pattern[0] == char
}
