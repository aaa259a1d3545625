package charts

import (
	"strings"
	"testing"

	"doks-security/values"
)

func TestStates(t *testing.T) {
	dir := t.TempDir()
	pins := []values.Chart{
		{Name: "gone", Version: "1"}, {Name: "new", Version: "1"}, {Name: "other", Version: "1", SHA256: strings.Repeat("0", 64)},
		{Name: "same", Version: "1", SHA256: Digest([]byte("same"))},
	}
	for _, pin := range pins[1:] {
		write(t, Archive(dir, pin), []byte(pin.Name))
	}
	states, err := States(dir, pins)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"gone-1.tgz: missing", "new-1.tgz: unpinned, sha256 ", "other-1.tgz: unverified, sha256 ", "same-1.tgz: verified"} {
		if got := states[i].String(); !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestPin(t *testing.T) {
	archive := packed(t, "shop")
	s := newSite(t, map[string][]byte{"shop-1.0.0.tgz": archive})
	dir := t.TempDir()
	chart := values.Chart{Name: "shop", Version: "1.0.0", Repository: s.address()}
	write(t, Archive(dir, chart), []byte("packaged from source"))
	got, err := pin(t.Context(), s.client(), dir, chart)
	if err != nil || got.SHA256 != Digest(archive) {
		t.Errorf("sha256 %s, %v, want the one of what is published: %s", got.SHA256, err, Digest(archive))
	}
	checkFile(t, dir, chart, archive)
	chart.Name = "stall"
	if _, err := pin(t.Context(), s.client(), dir, chart); err == nil || !strings.Contains(err.Error(), "has no stall 1.0.0") {
		t.Errorf("err = %v", err)
	}
}

func TestWritePin(t *testing.T) {
	const text = "# sha256: of a comment\na:\n  name: a\n  sha256: \"\" # of a\nb:\n  sha256: ''\n  version: 1\nc:\n  sha256: \"00\"\nd:\n  name: d\n"
	for _, c := range []struct{ entry, want, message string }{
		{"a", "  name: a\n  sha256: \"ff\"\nb:", ""},
		{"b", "b:\n  sha256: \"ff\"\n  version: 1\n", ""},
		{"c", "", "c has no line"},
		{"d", "", "d has no line"},
		{"e", "", `e has no line sha256: "" to enter sha256: "ff"`},
	} {
		t.Run(c.entry, func(t *testing.T) {
			got, err := WritePin([]byte(text), c.entry, "ff")
			checkMessage(t, err, c.message)
			if err == nil && (!strings.Contains(string(got), c.want) || strings.Count(string(got), "\n") != strings.Count(text, "\n")) {
				t.Errorf("%s\nwant %q in it", got, c.want)
			}
		})
	}
	if _, err := WritePin([]byte("a: ["), "a", "ff"); err == nil {
		t.Error("no YAML was taken")
	}
}
