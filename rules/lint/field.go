package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// fieldAt finds the field that a text begins with, as libsinsp does: the longest name that is a prefix, with its
// argument. The length is that of the field with its argument; 0 when there is none.
func (t *tables) fieldAt(text string) (info fieldInfo, length int, err error) {
	name, known := text[:min(len(text), t.longest)], false
	for ; name != ""; name = name[:len(name)-1] {
		if info, known = t.fields[name]; known {
			break
		}
	}
	if !known {
		return info, 0, nil
	}
	rest := text[len(name):]
	switch name {
	case "evt.arg", "evt.rawarg":
		info, length, err = t.eventArgument(name, rest, info)
	case "evt.around":
		length, err = numberArgument(name, rest)
	case "evt.type.is":
		length, err = t.eventType(name, rest)
	case "evt.abspath":
		length = len(regexp.MustCompile(`^(?:\.src|\.dst)?`).FindString(rest))
	case "thread.cgroup":
		if length = len(regexp.MustCompile(`^\.[A-Za-z_]*`).FindString(rest)); length == 0 {
			err = fmt.Errorf("thread.cgroup needs a subsystem: thread.cgroup.cpu")
		}
	case "fd.types":
		if strings.HasPrefix(rest, "[") {
			length, err = numberArgument(name, rest)
		}
	default:
		switch {
		case info.plugin:
			length, err = pluginArgument(name, rest, info)
		case info.index: // what is no argument is not part of the field
			length, _ = numberArgument(name, rest)
		case info.key:
			length = len(regexp.MustCompile(`^\[[^\]]*\]`).FindString(rest))
		}
	}
	if err != nil || length < 0 {
		return info, 0, err
	}
	return info, len(name) + length, nil
}

// decimal is what sscanf takes for a number.
var decimal = regexp.MustCompile(`^[ \t\n\v\f\r]*[+-]?[0-9]+$`)

// numberArgument is the length of a number in brackets.
func numberArgument(name, rest string) (int, error) {
	inside, _, closed := strings.Cut(strings.TrimPrefix(rest, "["), "]")
	switch {
	case !strings.HasPrefix(rest, "[") || !closed:
		return 0, fmt.Errorf("%s needs an argument: %s[<number>]", name, name)
	case !decimal.MatchString(inside):
		return 0, fmt.Errorf("%s[%s]: want a number in the brackets", name, inside)
	}
	return len(inside) + 2, nil
}

// eventArgument is the argument of evt.arg and evt.rawarg: a number in brackets, or a name behind a dot.
func (t *tables) eventArgument(name, rest string, info fieldInfo) (fieldInfo, int, error) {
	switch {
	case strings.HasPrefix(rest, "[") && name == "evt.rawarg":
		return info, 0, fmt.Errorf("evt.rawarg takes a name behind a dot: evt.rawarg.%s", strings.Trim(rest, "[]"))
	case strings.HasPrefix(rest, "["):
		length, err := numberArgument(name, rest)
		if err != nil {
			err = fmt.Errorf("%w; an argument by its name follows a dot: %s.%s", err, name, strings.Trim(rest, "[]"))
		}
		return info, length, err
	case !strings.HasPrefix(rest, "."):
		return info, 0, fmt.Errorf("%s needs an argument: %s.<name>", name, name)
	}
	longest := ""
	for known := range t.arguments {
		if len(known) > len(longest) && strings.HasPrefix(rest[1:], known) {
			longest = known
		}
	}
	if longest == "" {
		return info, 0, fmt.Errorf("no event has an argument %s", rest[1:])
	}
	if name == "evt.rawarg" {
		info.kind = t.arguments[longest]
	}
	return info, 1 + len(longest), nil
}

// eventType is the argument of evt.type.is: an event or its number.
func (t *tables) eventType(name, rest string) (int, error) {
	event, dotted := strings.CutPrefix(rest, ".")
	if !dotted {
		return 0, fmt.Errorf("%s needs an event behind a dot: %s.execve", name, name)
	}
	if codes, known := t.events[event]; (!known || codes == sharedCodes) && !decimal.MatchString(event) {
		return -1, nil
	}
	return len(rest), nil
}

// pluginArgument is the length of an argument of the container plugin's fields. It ends at a blank.
func pluginArgument(name, rest string, info fieldInfo) (int, error) {
	rest, _, _ = strings.Cut(rest, " ")
	open := strings.IndexByte(rest, '[')
	takes := info.index || info.key
	switch {
	case open < 0 && info.required:
		return 0, fmt.Errorf("%s needs an argument: %s[...]", name, name)
	case open < 0:
		return 0, nil
	case open > 0:
		return -1, nil
	}
	inside, _, closed := strings.Cut(rest[1:], "]")
	switch {
	case !closed:
		return 0, fmt.Errorf("%s[%s: the argument has no closing bracket, or a blank in it", name, inside)
	case !takes:
		return 0, fmt.Errorf("%s takes no argument", name)
	}
	return len(inside) + 2, nil
}

// field finds what is known of a field by its whole name.
func (t *tables) field(name string) (fieldInfo, error) {
	info, length, err := t.fieldAt(name)
	switch {
	case err != nil:
		return info, err
	case length == 0 || length != len(name):
		return info, fmt.Errorf("unknown field %s%s", name, t.suggestion(name))
	}
	return info, nil
}

// suggestion names the fields with the same last part.
func (t *tables) suggestion(name string) string {
	if base, _, argument := strings.Cut(name, "["); argument {
		if _, known := t.fields[base]; known {
			return ": " + base + " takes no argument"
		}
	}
	last := name[strings.LastIndex(name, ".")+1:]
	var same []string
	for known := range t.fields {
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
