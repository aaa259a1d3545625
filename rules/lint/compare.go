package lint

import (
	"net/netip"
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
	names, have := pathNames(directory), pathNames(value)
	if len(have) < len(names) {
		return false
	}
	for i, name := range names { // none of the root, which is above everything
		if name != have[i] && !glob(name, have[i]) {
			return false
		}
	}
	return true
}

func pathNames(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}
