package lint

import (
	"fmt"
	"slices"
)

// kinds of values, by what they can be compared with (libsinsp's filter_compare.cpp).
var (
	numeric = []string{
		"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "errno", "fd", "pid",
		"syscallid", "sigtype",
		"reltime", "abstime", "port", "flags8", "flags16", "flags32", "double", "mode", "enumflags8", "enumflags16",
		"enumflags32",
	}
	textual  = []string{"charbuf", "fspath", "fsrelpath"}
	network  = []string{"ipv4addr", "ipv4net", "ipv6addr", "ipv6net", "ipaddr", "ipnet"}
	listable = []string{"charbuf", "uint64", "reltime", "abstime", "bool", "ipaddr", "ipnet"}
)

// isNumber is true of kinds that order as numbers.
func isNumber(kind string) bool {
	return slices.Contains(append([]string{"uid", "gid"}, numeric...), kind)
}

// isNetwork is true of addresses and networks.
func isNetwork(kind string) bool { return slices.Contains(network, kind) }

// checkOperator says whether a field of a type can be compared with the operator.
func checkOperator(name string, info fieldInfo, operator string) error {
	base, _ := splitModifier(operator)
	var allowed []string
	what := info.kind
	switch {
	case base == "exists":
		return nil
	case info.list && !slices.Contains(listable, info.kind):
		return fmt.Errorf("%s is a list of %s: only `exists` can compare it", name, info.kind)
	case info.list:
		what, allowed = "list", []string{"in", "intersects"}
	case slices.Contains(numeric, info.kind):
		what, allowed = "number", []string{"=", "==", "!=", "<", "<=", ">", ">=", "in", "intersects"}
	case info.kind == "bool" || isNetwork(info.kind):
		allowed = []string{"=", "==", "!=", "in", "intersects"}
	case slices.Contains(textual, info.kind):
		what, allowed = "text", []string{"=", "==", "!=", "<", "<=", ">", ">=", "in", "intersects", "contains", "icontains",
			"startswith", "endswith", "glob", "iglob", "pmatch", "regex"}
	case info.kind == "bytebuf":
		what, allowed = "buffer", []string{"=", "==", "!=", "in", "intersects", "contains", "startswith", "endswith",
			"bcontains", "bstartswith"}
	}
	if !slices.Contains(allowed, base) {
		if len(allowed) == 0 {
			return fmt.Errorf("%s is a %s: only `exists` can compare it", name, info.kind)
		}
		return fmt.Errorf("%s is a %s: `%s` does not compare it, only exists and %v", name, what, base, allowed)
	}
	return nil
}

// checkRight says whether two fields can be compared with each other.
func checkRight(left, right Operand, l, r fieldInfo, operator string) error {
	base, _ := splitModifier(operator)
	switch {
	case base == "pmatch" || base == "regex":
		return fmt.Errorf("`%s` compares with a string, not with another field", base)
	case slices.Contains([]string{"ipnet", "ipv4net", "ipv6net"}, l.kind) || l.noRight:
		return fmt.Errorf("%s cannot be compared with another field", left.Name)
	case r.noRight:
		return fmt.Errorf("%s cannot stand on the right of a comparison", right.Name)
	case left.Call == "" && (l.kind != r.kind || l.list != r.list): // the engine does not look at what a call makes
		return fmt.Errorf("%s is a %s and %s a %s: they cannot be compared", left, l.kind, right, r.kind)
	}
	return nil
}
