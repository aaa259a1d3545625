package lint

import (
	"fmt"
	"slices"
)

// base finds what an operand is before it is transformed.
func (t *tables) base(o Operand) (fieldInfo, error) {
	text := fieldInfo{kind: "charbuf"}
	switch {
	case o.Constant != nil:
		return text, nil
	case o.Call == "list":
		for _, v := range o.Values {
			if _, err := t.operand(v); err != nil {
				return text, err
			}
		}
		return fieldInfo{kind: "charbuf", list: true}, nil
	case o.Call != "":
		return t.call(o)
	}
	name := o.Name
	if o.HasArgument {
		name += "[" + o.Argument + "]"
	}
	return t.field(name)
}

// call checks the values of join(), concat() and getopt().
func (t *tables) call(o Operand) (fieldInfo, error) {
	values := make([]fieldInfo, len(o.Values))
	for i, v := range o.Values {
		if _, err := t.operand(v); err != nil {
			return fieldInfo{}, err
		}
		values[i], _ = t.base(v) // as libsinsp, which looks at the type before transformers
	}
	text := func(i fieldInfo) bool { return i.kind == "charbuf" && !i.list }
	result := fieldInfo{kind: "charbuf"}
	switch {
	case o.HasArgument && o.Call != "getopt":
		return result, fmt.Errorf("%s() takes no argument in brackets", o.Call)
	case o.Call == "join" && (len(values) != 2 || values[0].list || !values[1].list):
		return result, fmt.Errorf("join() takes a separator and a list")
	case o.Call == "concat" && slices.ContainsFunc(values, func(i fieldInfo) bool { return !text(i) }):
		return result, fmt.Errorf("concat() takes texts")
	case o.Call == "getopt" && (len(values) != 2 || values[0].kind != "charbuf" || !values[0].list || !text(values[1])):
		return result, fmt.Errorf("getopt() takes a list of arguments and a string with the options")
	case o.Call == "getopt" && o.HasArgument && len(o.Argument) != 1:
		return result, fmt.Errorf("getopt()[%s]: want one character", o.Argument)
	case !slices.Contains(multiTransformers, o.Call):
		return result, fmt.Errorf("%s() takes one value", o.Call)
	}
	result.list = o.Call == "getopt" && !o.HasArgument
	return result, nil
}

// operand finds what an operand is.
func (t *tables) operand(o Operand) (fieldInfo, error) {
	info, err := t.base(o)
	if err != nil {
		return info, err
	}
	if info.noTransformer && len(o.Transformers) > 0 {
		return info, fmt.Errorf("%s cannot stand inside %s()", o.Name, o.Transformers[0])
	}
	for _, name := range o.Transformers {
		takes := []string{"charbuf", "fspath", "fsrelpath"}
		switch name {
		case "b64":
			takes = []string{"charbuf", "bytebuf"}
		case "len":
			takes = append(takes, "bytebuf")
		case "tolower", "toupper", "basename":
		default:
			return info, fmt.Errorf("%s() takes more than one value", name)
		}
		if !slices.Contains(takes, info.kind) && (name != "len" || !info.list) {
			return info, fmt.Errorf("%s() takes text: %s is a %s", name, o.Name, info.kind)
		}
		if name == "len" {
			info.kind, info.list = "uint64", false
		}
	}
	return info, nil
}
