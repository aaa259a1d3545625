package falcosidekick

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"doks-security/stack/field"
	"doks-security/values"
)

// EachSecret calls found for every secret of outputs that is not encrypted, by its path. value is what a stack file has
// at path. Secrets are what outputs.json says, and URLs with a login or a key.
func EachSecret(value any, path string, found func(path string, value any)) {
	outputs, _ := value.(map[string]any)
	for name, output := range outputs {
		if field.Encrypted(output) {
			continue
		}
		object, _ := output.(map[string]any)
		declared := original.Outputs[name]
		for key, value := range declared.flat(object) {
			at := path + "." + name + "." + key
			switch kind := declared.Keys[key]; v := value.(type) {
			case string:
				if kind == secret || kind == headers || kind == jsonMap || hasCredentials(v) {
					found(at, v)
				}
			case []any:
				for i, element := range v {
					if text, _ := element.(string); hasCredentials(text) {
						found(fmt.Sprintf("%s[%d]", at, i), text)
					}
				}
			case map[string]any:
				if field.Encrypted(v) || kind != headers && kind != jsonMap {
					continue
				}
				for header, text := range v {
					if !field.Encrypted(text) {
						found(at+"."+header, text)
					}
				}
			}
		}
	}
}

func hasCredentials(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && field.HasCredentials(u)
}

// Validate finds what falcosidekick would ignore, or take for something else, without an error. path is where a stack
// file has the outputs.
func (o Outputs) Validate(path string, errs *field.Errors) {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		at := path + "." + name
		if reason, is := taken[name]; is {
			errs.Add(at, json.Number(field.Hidden), "another output: "+reason[0], reason[1])
			continue
		}
		declared, known := original.Outputs[name]
		if !known {
			errs.Add(at, json.Number(field.Hidden), "an output of falcosidekick "+original.Version+": "+
				strings.Join(names(), ", "), "remove it, or correct its spelling")
			continue
		}
		declared.validate(at, declared.flat(o[name]), errs)
	}
}

func (d declaration) validate(path string, given map[string]any, errs *field.Errors) {
	before := len(*errs)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		at, kind := path+"."+key, d.Keys[key]
		switch {
		case kind == "":
			errs.Add(at, json.Number(field.Hidden), "one of "+strings.Join(slices.Sorted(maps.Keys(d.Keys)), ", "),
				"remove it, or correct its spelling; falcosidekick reads no others from its environment")
		case isFile(key):
			errs.Add(at, json.Number(field.Hidden), "not set: falcosidekick's pod has no such file", "remove it")
		case key == "minimumpriority" || strings.HasSuffix(key, ".minimumpriority"):
			// falcosidekick takes another text for the lowest.
			if text, _ := given[key].(string); !slices.Contains(values.Priorities, text) {
				errs.Add(at, field.Plain(given[key]), strings.Join(values.Priorities, ", "), "choose one")
			}
		default:
			check(at, kind, given[key], errs)
		}
	}
	if len(*errs) > before {
		return
	}
	if missing := d.missing(given); missing != "" {
		errs.Add(path+"."+missing, nil, "set: without it falcosidekick does not use the output", setCommand(d, path, missing))
	}
}

// missing is the first key that is needed for a part of the output, if no part has all it needs; and for a part that
// has some of them.
func (d declaration) missing(values map[string]any) string {
	first, used := "", false
	for _, p := range d.Parts {
		var missing []string
		for _, key := range p.Needs {
			if text := values[key]; text == nil || text == "" {
				missing = append(missing, key)
			}
		}
		switch {
		case len(missing) == 0:
			used = true
		case len(missing) < len(p.Needs), first == "":
			first = missing[0]
			if len(missing) < len(p.Needs) {
				return first
			}
		}
	}
	if used {
		return ""
	}
	return first
}

func setCommand(d declaration, path, key string) string {
	if d.Keys[key] == secret {
		return field.EncryptCommand(path + "." + key)
	}
	return fmt.Sprintf("pulumi config set --path '%s.%s' <value>", path, key)
}

// isFile reports whether a key is about files, which the pod of falcosidekick does not have.
func isFile(key string) bool {
	name := key[strings.LastIndex(key, ".")+1:]
	return slices.Contains([]string{"mutualtls", "certfile", "keyfile", "cacertfile", "kubeconfig"}, name)
}

func check(at, kind string, value any, errs *field.Errors) {
	text, isText := value.(string)
	switch kind {
	case boolean:
		if _, ok := value.(bool); !ok {
			errs.Add(at, shown(value), "true or false", "write true or false, without quotes")
		}
	case integer:
		if number, ok := value.(float64); !ok || number != float64(int64(number)) || number < 0 {
			errs.Add(at, shown(value), "an integer from 0", "write a number, without quotes")
		}
	case period:
		if d, err := time.ParseDuration(text); err != nil || d <= 0 {
			errs.Add(at, shown(value), "a duration: 5s, 1m", "write a number and a unit")
		}
	case list:
		elements, ok := value.([]any)
		for _, element := range elements {
			text, is := element.(string)
			ok = ok && is && text != "" && !strings.Contains(text, ",") && plain(text)
		}
		if !ok {
			errs.Add(at, json.Number(field.Hidden), "a list of strings without commas", "correct it")
		}
	case headers, pairs, jsonMap:
		checkMap(at, kind, value, errs)
	case secret:
		if !isText || text == "" || !plain(text) {
			errs.Add(at, field.Hidden, "a secret without a line break, a control character or space around it",
				field.EncryptCommand(at))
		}
	default:
		if !isText || !plain(text) {
			errs.Add(at, json.Number(field.Hidden), "a string without a line break, a control character or space around it",
				"put it in quotes")
		}
	}
}

// checkMap refuses names and values that falcosidekick would drop: it cuts at commas, and drops what has more than one
// colon.
func checkMap(at, kind string, value any, errs *field.Errors) {
	object, ok := value.(map[string]any)
	if !ok {
		errs.Add(at, json.Number(field.Hidden), "an object", "write names and values")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		text, ok := object[name].(string)
		cut := kind != jsonMap && strings.ContainsAny(name+text, ",:")
		if !ok || text == "" || !plain(text) || !plain(name) || cut {
			errs.Add(at+"."+name, field.Hidden, "a string without commas, colons, control characters and space around it",
				"correct it")
		}
	}
}

// plain reports whether a text reaches falcosidekick as it is.
func plain(text string) bool {
	return strings.TrimSpace(text) == text && !strings.ContainsFunc(text, unicode.IsControl)
}

// shown is a value that is no secret; a text is, as a misplaced one.
func shown(value any) any {
	if _, ok := value.(string); ok {
		return json.Number(field.Hidden)
	}
	return field.Plain(value)
}
