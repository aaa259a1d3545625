package program

import (
	"reflect"
	"testing"

	"doks-security/stack/stacktest"
)

func TestWithoutSecrets(t *testing.T) {
	secure := func() any { return map[string]any{"secure": "v1:ciphertext"} }
	first, secrets := WithoutSecrets("a", map[string]any{"url": secure(), "list": []any{secure(), "plain"}})
	if len(secrets) != 2 || secrets["a.url"] != stacktest.Placeholder("a.url") ||
		secrets["a.list[0]"] != stacktest.Placeholder("a.list[0]") {
		t.Errorf("replaced %v", secrets)
	}
	want := map[string]any{"url": stacktest.Placeholder("a.url"),
		"list": []any{stacktest.Placeholder("a.list[0]"), "plain"}}
	if !reflect.DeepEqual(first, want) {
		t.Errorf("%v, want %v", first, want)
	}
	for _, plain := range []any{"x", 3, map[string]any{"secure": "x", "more": "y"}} {
		if got, secrets := WithoutSecrets("a", plain); len(secrets) > 0 || !reflect.DeepEqual(got, plain) {
			t.Errorf("%v became %v", plain, got)
		}
	}
	if a, b := stacktest.Placeholder("a.url"), stacktest.Placeholder("b.url"); a == b ||
		len(stacktest.Placeholder("a")) != 32 || a[:8] != "https://" {
		t.Errorf("placeholders %q, %q, %q", a, b, stacktest.Placeholder("a"))
	}
}
