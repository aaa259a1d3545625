package lint

import (
	"net/netip"
	"path"
	"strconv"
	"strings"
)

// compareText compares one value of a field with what is on the right.
func compareText(operator, kind, value string, want []string) bool {
	base, modifier := splitModifier(operator)
	matches := 0
	for _, w := range want {
		if compareOne(base, kind, value, w) {
			matches++
		}
	}
	switch modifier {
	case "oneof":
		return matches == 1
	case "allof":
		return matches == len(want) && matches > 0
	}
	return matches > 0
}

func compareOne(operator, kind, value, want string) bool {
	switch operator {
	case "=", "==", "in", "intersects":
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
		decoded, err := fromHex(want)
		return err == nil && strings.Contains(value, decoded)
	case "startswith":
		return strings.HasPrefix(value, want)
	case "bstartswith":
		decoded, err := fromHex(want)
		return err == nil && strings.HasPrefix(value, decoded)
	case "endswith":
		return strings.HasSuffix(value, want)
	case "pmatch":
		return pathPrefix(want, value)
	case "glob":
		return glob(want, value)
	case "iglob":
		return glob(strings.ToLower(want), strings.ToLower(value))
	case "regex":
		return matchesExpression(want, value)
	}
	return false
}

// equal compares numbers as numbers, and an address with the network it lies in.
func equal(kind, value, want string) bool {
	switch {
	case isNumber(kind):
		v, err := parseNumber(value)
		w, wantErr := parseNumber(want)
		return err == nil && wantErr == nil && v == w
	case isNetwork(kind):
		v, err := parseNetwork(value)
		w, wantErr := parseNetwork(want)
		return err == nil && wantErr == nil && w.Bits() <= v.Bits() && w.Contains(v.Addr())
	}
	return value == want
}

func ordered(operator, kind, value, want string) bool {
	order := strings.Compare(value, want)
	if isNumber(kind) {
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

func parseNumber(text string) (float64, error) { return strconv.ParseFloat(text, 64) }

// parseNetwork takes an address for the network of that address alone.
func parseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// pathPrefix is true when the path is the directory or lies below it. Every name of the directory may be a pattern.
func pathPrefix(directory, value string) bool {
	names := strings.Split(strings.Trim(directory, "/"), "/")
	have := strings.Split(strings.Trim(value, "/"), "/")
	if strings.Trim(directory, "/") == "" { // the root is above everything
		return true
	}
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
