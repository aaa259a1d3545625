package ci

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"doks-security/stack"
	"doks-security/values"
)

var update = flag.Bool("update", false, "write the versions into docs/upgrading.md")

var versions = regexp.MustCompile(`(?s)(<!-- versions: .*? -->\n).*?(<!-- /versions -->)`)

// The table of versions in docs/upgrading.md is what go.mod and the charts pin.
func TestVersionsAreDocumented(t *testing.T) {
	const file = "../../docs/upgrading.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !versions.Match(page) {
		t.Fatalf("%s has no place for the versions", file)
	}
	want := versions.ReplaceAllString(string(page), "${1}"+table(t)+"${2}")
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(page) != want {
		t.Error("docs/upgrading.md has other versions; fix: go -C test test ./ci -run Versions -update")
	}
}

func table(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| | version | pinned in |\n|---|---|---|\n")
	row := func(what, version, where string) { fmt.Fprintf(&b, "| %s | %s | `%s` |\n", what, version, where) }
	row("Kubernetes of DOKS", fmt.Sprintf("1.%d and later", stack.OldestMinor), "cluster.version")
	for _, m := range []struct{ what, module, file string }{
		{"Kubernetes of rehearsals", "k8s.io/kubernetes", "test/go.mod"},
		{"Pulumi CLI", "github.com/pulumi/pulumi/pkg/v3", "tools/pulumi/go.mod"},
		{"Pulumi SDK", "github.com/pulumi/pulumi/sdk/v3", "go.mod"},
		{"provider digitalocean", "github.com/pulumi/pulumi-digitalocean/sdk/v4", "go.mod"},
		{"provider kubernetes", "github.com/pulumi/pulumi-kubernetes/sdk/v4", "go.mod"},
		{"provider random", "github.com/pulumi/pulumi-random/sdk/v4", "go.mod"},
	} {
		row(m.what, required(t, m.file, m.module), m.file)
	}
	charts, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range slices.Sorted(maps.Keys(charts)) {
		c := charts[folder]
		row("chart "+c.Name, c.Version+" ("+c.AppVersion+")", c.File)
	}
	return b.String()
}

// required is the version of a module in a go.mod.
func required(t *testing.T, file, module string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := modfile.Parse(file, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range parsed.Require {
		if r.Mod.Path == module {
			return strings.TrimPrefix(r.Mod.Version, "v")
		}
	}
	t.Fatalf("%s does not require %s", file, module)
	return ""
}
