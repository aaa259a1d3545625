package prcomment

import (
	"os"
	"strings"
	"testing"
)

func TestCondense(t *testing.T) {
	for _, name := range []string{"update", "faults"} {
		t.Run(name, func(t *testing.T) {
			output, err := os.ReadFile("testdata/" + name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile("testdata/" + name + ".diff")
			if err != nil {
				t.Fatal(err)
			}
			if got := condense(string(output)); got != string(want) {
				t.Errorf("condensed to\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestSummary(t *testing.T) {
	for output, want := range map[string]string{
		"x\nResources:\n    ~ 3 to update\n    58 unchanged\nDuration: 2s\n": "~ 3 to update, 58 unchanged",
		"x\nResources:\n    + <b>1</b> to create\n\n":                        "+ b1/b to create",
		"error: 4 faults\n": "it did not end, see below",
	} {
		if got := summary(output); got != want {
			t.Errorf("%q: %q, want %q", strings.TrimSpace(output), got, want)
		}
	}
}
