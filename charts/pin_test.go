package charts

import (
	"strings"
	"testing"

	"doks-security/values"
)

func TestStates(t *testing.T) {
	dir := t.TempDir()
	pins := []values.Chart{
		{Name: "gone", Version: "1"}, {Name: "new", Version: "1"},
		{Name: "other", Version: "1", SHA256: strings.Repeat("0", 64)},
		{Name: "same", Version: "1", SHA256: Digest([]byte("same"))},
	}
	for _, pin := range pins[1:] {
		write(t, Archive(dir, pin), []byte(pin.Name))
	}
	states, err := States(dir, pins)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"gone-1.tgz: missing", "new-1.tgz: unpinned, sha256 ",
		"other-1.tgz: unverified, sha256 ", "same-1.tgz: verified"} {
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
	if _, err := pin(t.Context(), s.client(), dir, chart); err == nil ||
		!strings.Contains(err.Error(), "has no stall 1.0.0") {
		t.Errorf("err = %v", err)
	}
}

func TestWritePin(t *testing.T) {
	for _, c := range []struct{ name, text, want, message string }{
		{"empty", "# sha256: of a comment\nname: a\nsha256: \"\" # of a\n",
			"# sha256: of a comment\nname: a\nsha256: \"ff\"\n", ""},
		{"in the middle", "sha256: ''\nversion: 1\n", "sha256: \"ff\"\nversion: 1\n", ""},
		{"pinned", "sha256: \"00\"\n", "", `no line sha256: "" to enter sha256: "ff"`},
		{"missing", "name: d\n", "", "no line"},
		{"no YAML", "a: [", "", "reading the chart's pin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := WritePin([]byte(c.text), "ff")
			checkMessage(t, err, c.message)
			if string(got) != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}
