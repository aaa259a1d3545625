package judge

import (
	_ "embed"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	//go:embed fields.txt
	fieldLines string
	//go:embed events.txt
	eventWords string

	fields     = parseFields(fieldLines)
	eventNames = words(eventWords)
)

// fieldInfo is what is known of a field.
type fieldInfo struct {
	kind     string // text, number, bool, address or network
	argument string // required, optional, or none
	list     bool   // its value is a list
}

func parseFields(lines string) map[string]fieldInfo {
	known := map[string]fieldInfo{}
	for _, line := range strings.Split(lines, "\n") {
		columns := strings.Fields(line)
		if len(columns) < 2 || columns[0] == "#" {
			continue
		}
		info := fieldInfo{kind: columns[1], list: slices.Contains(columns, "list")}
		if len(columns) > 2 {
			info.argument = columns[2]
		}
		known[columns[0]] = info
	}
	return known
}

// words are those of a text without its comment lines.
func words(text string) map[string]bool {
	known := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, word := range strings.Fields(line) {
			known[word] = true
		}
	}
	return known
}

// field finds what is known of an operand. An argument may also stand behind a dot: evt.arg.flags is evt.arg[flags].
func field(o Operand) (fieldInfo, error) {
	info, known := fields[o.Name]
	hasArgument := o.HasArgument
	if !known {
		for name := o.Name; !known && strings.Contains(name, "."); {
			name = name[:strings.LastIndex(name, ".")]
			info, known = fields[name]
			known = known && info.argument != ""
		}
		if hasArgument {
			known = false
		}
		hasArgument = true
	}
	switch {
	case o.Name == "evt.dir":
		return info, fmt.Errorf("evt.dir is deprecated and always `<`: leave it out")
	case !known:
		return info, fmt.Errorf("unknown field %s%s", o.Name, suggestion(o.Name))
	case hasArgument && info.argument == "":
		return info, fmt.Errorf("%s takes no argument", o.Name)
	case !hasArgument && info.argument == "required":
		return info, fmt.Errorf("%s needs an argument: %s[...]", o.Name, o.Name)
	}
	for _, t := range o.Transformers {
		switch {
		case t == "len":
			info = fieldInfo{kind: "number"}
		case info.kind != "text":
			return info, fmt.Errorf("%s() takes text: %s is a %s", t, o.Name, info.kind)
		}
	}
	return info, nil
}

// suggestion names the fields with the same last part.
func suggestion(name string) string {
	last := name[strings.LastIndex(name, ".")+1:]
	var same []string
	for known := range fields {
		if strings.HasSuffix(known, "."+last) && len(same) < 10 {
			same = append(same, known)
		}
	}
	if len(same) == 0 || len(same) == 10 {
		return ""
	}
	slices.Sort(same)
	return "; known: " + strings.Join(same, ", ")
}

// checkFields reports fields, operators and values that do not go together. Lists in values are resolved before.
func checkFields(c *Check, problems *Problems) {
	info, err := field(c.Field)
	if err != nil {
		problems.add(c.Field.at, "%v", err)
		return
	}
	if c.Other != nil {
		if _, err := field(*c.Other); err != nil {
			problems.add(c.Other.at, "%v", err)
		}
		return
	}
	textual := slices.Contains(textOperators, c.Operator)
	switch {
	case textual && info.kind != "text":
		problems.add(c.at, "`%s` takes text: %s is a %s", c.Operator, c.Field.Name, info.kind)
	case info.list && !listOperator(c.Operator) && c.Operator != "exists":
		problems.add(c.at, "%s is a list: want exists, in or intersects, not `%s`", c.Field.Name, c.Operator)
	}
	for _, v := range c.Values {
		if err := checkValue(c, info, v.Text); err != nil {
			problems.add(v.at, "%v", err)
		}
	}
}

func checkValue(c *Check, info fieldInfo, text string) error {
	switch {
	case c.Operator == "regex":
		if _, err := regexp.Compile(text); err != nil {
			return fmt.Errorf("%q is no regular expression: %w", text, err)
		}
	case c.Field.Name == "evt.type" && (c.Operator == "in" || c.Operator == "=" || c.Operator == "==") && !eventNames[text]:
		return fmt.Errorf("%q is no event type", text)
	case info.kind == "number":
		if _, err := parseNumber(text); err != nil {
			return fmt.Errorf("%s is a number, %q is none", c.Field.Name, text)
		}
	case info.kind == "bool" && text != "true" && text != "false":
		return fmt.Errorf("%s is true or false, not %q", c.Field.Name, text)
	case info.kind == "address":
		if _, err := netip.ParseAddr(text); err != nil {
			return fmt.Errorf("%s is an address, %q is none", c.Field.Name, text)
		}
	case info.kind == "network":
		if _, err := parseNetwork(text); err != nil {
			return fmt.Errorf("%s is a network, %q is none", c.Field.Name, text)
		}
	}
	return nil
}

func parseNumber(text string) (float64, error) {
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return float64(n), nil
	}
	return strconv.ParseFloat(text, 64)
}

// parseNetwork takes an address for the network of that address alone.
func parseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}
