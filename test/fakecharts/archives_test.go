package fakecharts

import (
	"errors"
	"os"
	"strings"
	"testing"

	"doks-security/charts"
	"doks-security/values"
)

func TestOpen(t *testing.T) {
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name       string
		fill       bool
		unverified string
		err        error
	}{
		{"no archives", false, "", ErrMissing},
		{"other digests than the pinned", true, "", ErrDigest},
		{"other digests, accepted", true, "1", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("CHARTS_UNVERIFIED", c.unverified)
			dir := t.TempDir()
			if c.fill {
				if err := WriteStandIns(dir); err != nil {
					t.Fatal(err)
				}
			}
			archives, err := Open(dir)
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if c.err != nil {
				return
			}
			notes := strings.Join(archives.Notes, "\n")
			for _, pin := range pins {
				want := charts.Archive("", pin) + ": unverified, sha256 "
				if pin.SHA256 == "" { // until make charts enters it
					want = charts.Archive("", pin) + ": unpinned, sha256 "
				}
				if !archives.Unverified || !strings.Contains(notes, want) {
					t.Errorf("output does not contain %q:\n%s", want, notes)
				}
			}
		})
	}
}

func TestLoadNamesTheArchive(t *testing.T) {
	_, err := (&Archives{Dir: t.TempDir()}).Load(values.Chart{Name: "a", Version: "1.0.0"})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "a-1.0.0.tgz") {
		t.Errorf("err = %v, want it to contain a-1.0.0.tgz", err)
	}
}
