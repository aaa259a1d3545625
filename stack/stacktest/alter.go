// Package stacktest has what tests need of stack files. Alter changes settings for fuzz tests: what is read into
// another language, YAML, INI, a template, a query, gets the characters that mean something there. Placeholder replaces
// secrets.
package stacktest

import (
	"fmt"
	"maps"
	"slices"
)

// tokens mean something in one of the languages that settings end in, or are read as something else by a parser.
var tokens = []string{
	"{{", "}}", "{{ .Values }}", "{{x", "{", "}", "$(HOME)", "$(", "${HOME}", "$__file{/etc/passwd}", "$", "%(name)s",
	"%", "%41",
	"\n", "\r\n", "\t", "\x00", "\x1b[31m", "\u0085", "\u2028", "\u200b", "\u202e", "\ufeff", "\xff", " ", "  #", "#", ";",
	": ", ":", ",",
	"'", `"`, "`", `\`, `"""`, "\\n", "'''", "|", "||", "&", "*", "!", "?", "-", "--", "- ", ">", "<", "=", "~", "^", "@",
	"(", ")", "[", "]",
	"../", "/", "//", ".", "..", "_", "+", "0", "010", "1e3", "99999", "true", "null", "yes", "=~", ` or true`, `") or ("`,
	`"} or {a="`,
	`' || 'Admin`, "https://", "http://", "user:pass@", "?token=a", "?a=b", ":8443", ":99999", "[::1]", "fe80::1%eth0",
	"::", "0.0.0.0/0",
	"a", "b", "Z", "é", "日", "example.org", "sha256:", "operators", "{secure: a}", "<<", "&a", "*a", "]]>",
	"--- ", "\n---\n",
}

// leaf is a string in settings, and how it is replaced.
type leaf struct {
	text    string
	replace func(string)
}

// Alter changes up to four strings of settings in place, as data says: which, how and to what.
func Alter(settings map[string]any, data []byte) {
	found := leaves(settings)
	for range 4 {
		if len(data) < 4 || len(found) == 0 {
			return
		}
		chosen := found[(int(data[0])<<8|int(data[1]))%len(found)]
		how, length := data[2]%4, int(data[3])%8+1
		data = data[4:]
		text := ""
		for range length {
			if len(data) == 0 {
				break
			}
			text += tokens[int(data[0])%len(tokens)]
			data = data[1:]
		}
		middle := len(chosen.text) / 2
		switch how {
		case 0:
			chosen.replace(text)
		case 1:
			chosen.replace(chosen.text + text)
		case 2:
			chosen.replace(text + chosen.text)
		case 3:
			chosen.replace(chosen.text[:middle] + text + chosen.text[middle:])
		}
	}
}

// leaves are the strings in settings, always in the same order.
func leaves(value any) []leaf {
	var all []leaf
	add := func(element any, replace func(string)) {
		if text, ok := element.(string); ok {
			all = append(all, leaf{text, replace})
			return
		}
		all = append(all, leaves(element)...)
	}
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			add(v[key], func(text string) { v[key] = text })
		}
	case []any:
		for i, element := range v {
			add(element, func(text string) { v[i] = text })
		}
	case string, int, float64, bool, nil:
	default:
		panic(fmt.Sprintf("no settings: %T", value))
	}
	return all
}

// Seeds make Alter use every token, in one place after the other.
func Seeds() [][]byte {
	var all [][]byte
	for n := range tokens {
		for how := range byte(4) {
			all = append(all, []byte{byte(n * 7), byte(n * 13), how, 0, byte(n)})
		}
	}
	return all
}
