package prcomment

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

const document = "../../docs/pull-request-example.md"

var update = flag.Bool("update", false, "write the example into the documentation")

// The example in the documentation is what Comment writes today of what ci/example rehearsed. That also counts the
// objects that stay as they are, of which testdata holds none.
func TestExample(t *testing.T) {
	const dir = "testdata/example/"
	output, err := os.ReadFile(dir + "pulumi.txt")
	if err != nil {
		t.Fatal(err)
	}
	comment, err := Comment(Input{Stack: "dev", Before: dir + "base", After: dir + "head", Pulumi: string(output)})
	if err != nil {
		t.Fatal(err)
	}
	rehearsed, err := os.ReadFile(dir + "comment.md")
	if err != nil {
		t.Fatal(err)
	}
	same := regexp.MustCompile(`, \d+ stay as they are`)
	comment = same.ReplaceAllString(comment, same.FindString(string(rehearsed)))
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), "<!-- example -->\n")
	shown, after, ended := strings.Cut(rest, "\n<!-- end of the example -->\n")
	if !found || !ended {
		t.Fatalf("%s has no place for the example", document)
	}
	// The headings are the comment's own, one level below those of the page.
	want := strings.ReplaceAll(strings.TrimPrefix(comment, Marker("dev")+"\n"), "\n##", "\n###")
	want = strings.TrimSuffix("#"+want, "\n")
	if shown == want {
		return
	}
	if !*update {
		t.Fatalf("%s shows another comment; go test ./review -update writes this one:\n%s", document, want)
	}
	if err := os.WriteFile(document, []byte(before+"<!-- example -->\n"+want+"\n<!-- end of the example -->\n"+after),
		0o644); err != nil {
		t.Fatal(err)
	}
}
