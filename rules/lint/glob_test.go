package lint

import "testing"

// The results are those of fnmatch(3).
func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		matches       bool
	}{
		{"shop[-]0", "shop-0", true}, {"[a-]", "-", true}, {"[-a]", "-", true}, {"[a-c]", "-", false},
		{"[]a]", "]", true}, {"[!]a]", "]", false}, {"[]", "[]", true}, {"[a", "[a", true}, {"[b-a]", "b", false},
		{"[!a]", "b", true}, {"[^a]", "b", true}, {"[!a]", "a", false}, {"[a!]", "!", true},
		{"[[:alpha:]]", "x", true}, {"[[:alpha:]-]", "-", true}, {"[![:digit:]]", "1", false}, {"[[:none:]]", "n]", true},
		{"[[:punct:]]", "_", true}, {"[[:space:]]", "\v", true}, {"[[:xdigit:]]", "g", false},
		{`[\]]`, "]", true}, {`[a\-c]`, "b", false}, {`a\`, `a\`, false}, {`a\*`, "a*", true}, {`\[a]`, "[a]", true},
		{"*/b", "a/x/b", true}, {"[/]", "/", true}, {"?", "/", true}, {"**a", "ba", true}, {"", "", true}, {"*", "", true},
	} {
		if matches := glob(c.pattern, c.text); matches != c.matches {
			t.Errorf("%q, %q: %v", c.pattern, c.text, matches)
		}
	}
}

// What is no base64, or has bits behind its last character, has no value.
func TestDecoded(t *testing.T) {
	for value, want := range map[string]string{
		"aGVsbG8": "hello", "aGVsbG8=": "hello", "aGVsbG8==": "hello", "aGVsbG8===": "-", "web": "-", "systemd": "-",
		"d2Vi": "web", "a": "-", "a-b_": "-", "": "", "aGVs\nbG8": "-",
	} {
		got, ok := transform("b64", value)
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}
