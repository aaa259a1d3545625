package docpages

import (
	"slices"
	"testing"
)

const page = "# Title\n\nSay `pulumi up --yes`, not `pulumi`, of `values/`.\n\n## Steps\n\n" +
	"    make a   # a comment\n    kubectl get pods \\\n      --all-namespaces\n\n```yaml\nmake: false\n```\n\n" +
	"### More\n\n```sh\n$ pulumi up\n```\n\n```console\n$ make b\ngo vet ./...\n```\n"

func TestCommands(t *testing.T) {
	var got []string
	for _, c := range Commands("a.md", page) {
		got = append(got, c.Line)
	}
	if want := []string{"pulumi up --yes", "make a", "kubectl get pods --all-namespaces", "pulumi up",
		"make b"}; !slices.Equal(got, want) {
		t.Errorf("commands %q, want %q", got, want)
	}
}

func TestSection(t *testing.T) {
	for heading, want := range map[string][]string{
		"Title": nil, "Steps": {"make a", "kubectl get pods --all-namespaces"}, "More": {"pulumi up", "make b"}, "Less": nil,
	} {
		if got := Section(page, heading); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", heading, got, want)
		}
	}
}
