package chartlint

import (
	"flag"
	"os"
	"testing"

	"doks-security/values"
)

var update = flag.Bool("update", false, "write values/rendered.yaml")

// What is known of charts without rendering them is what they render, for every profile and combination of options:
// with the published charts, where there are any, and with the stand-ins.
func TestRenderedFileIsCurrent(t *testing.T) {
	const file = "../../values/rendered.yaml"
	all := loaders(t)
	if *update {
		r := all["published charts"]
		if r == nil {
			r = all["stand-in charts"]
		}
		text, err := RenderedFile("../..", r, Versions()[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for charts, r := range all {
		for _, kubernetes := range Versions() {
			t.Run(charts+", Kubernetes "+kubernetes, func(t *testing.T) {
				want, err := RenderedFile("../..", r, kubernetes)
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != want {
					t.Errorf("values/rendered.yaml differs from what the charts render; `make rendered` writes:\n%s", want)
				}
			})
		}
	}
}

// Options that make no difference are left out; one that does only together with another is kept.
func TestReduce(t *testing.T) {
	request := func(mib int, options ...values.Option) values.Rendered {
		return values.Rendered{Profile: "dev", With: options, Shared: values.Resources{MiB: mib}}
	}
	spaces, from, demo := values.WithSpaces, values.WithSpacesFrom, values.WithDemo
	for _, c := range []struct {
		name     string
		variants []values.Rendered
		want     int
	}{
		{"nothing requested", []values.Rendered{request(0), request(0, demo)}, 0},
		{"no difference", []values.Rendered{request(1), request(1, demo)}, 1},
		{"a difference", []values.Rendered{request(1), request(2, demo)}, 2},
		{"a difference of one", []values.Rendered{request(1), request(1, demo), request(2, spaces),
			request(2, spaces, demo)}, 2},
		{"a difference together", []values.Rendered{request(1), request(1, spaces), request(2, spaces, from)}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := reduce(c.variants); len(got) != c.want {
				t.Errorf("%d variants: %+v, want %d", len(got), got, c.want)
			}
		})
	}
}
