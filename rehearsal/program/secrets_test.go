package program

import (
	"reflect"
	"testing"
)

func TestWithoutSecrets(t *testing.T) {
	secure := func() any { return map[string]any{"secure": "v1:ciphertext"} }
	first, secrets := WithoutSecrets("a", map[string]any{"url": secure(), "list": []any{secure(), "plain"}})
	if len(secrets) != 2 || secrets["a.url"] != Placeholder("a.url") || secrets["a.list[0]"] != Placeholder("a.list[0]") {
		t.Errorf("replaced %v", secrets)
	}
	want := map[string]any{"url": Placeholder("a.url"), "list": []any{Placeholder("a.list[0]"), "plain"}}
	if !reflect.DeepEqual(first, want) {
		t.Errorf("%v, want %v", first, want)
	}
	for _, plain := range []any{"x", 3, map[string]any{"secure": "x", "more": "y"}} {
		if got, secrets := WithoutSecrets("a", plain); len(secrets) > 0 || !reflect.DeepEqual(got, plain) {
			t.Errorf("%v became %v", plain, got)
		}
	}
	if a, b := Placeholder("a.url"), Placeholder("b.url"); a == b || len(Placeholder("a")) != 32 || a[:8] != "https://" {
		t.Errorf("placeholders %q, %q, %q", a, b, Placeholder("a"))
	}
}
