package ci

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const columns = 120 // a tab is one, as for golangci-lint's lll, which reads Go

// A word of this many characters is a URL, a digest or a name, which cannot be broken: it does not count.
const unbreakable = 60

// longLines are files that runs write, or that programs' output was copied to.
var longLines = regexp.MustCompile(strings.Join([]string{
	`^docs/(settings|changing-settings|compliance|drills|options)\.md$`, // tables, whose rows cannot be broken
	`^docs/quickstart\.md$`,                  // a transcript
	`^test/prcomment/testdata/`,              // output of Pulumi, and comments with it
	`^test/fakeproviders/.*\.answers\.yaml$`, // recorded from the published plugins
	`^rules/lint/testdata/verdicts/`,         // recorded from Falco
}, "|"))

// Lines of text, configuration and scripts fit into two halves of a screen.
func TestLinesAreShort(t *testing.T) {
	for file, text := range texts(t) {
		if longLines.MatchString(file) {
			continue
		}
		if filepath.Ext(file) == ".txtar" {
			text = inputs(text)
		}
		number := 0
		for line := range strings.Lines(text) {
			number++
			if n := breakable(line); n > columns {
				t.Errorf("%s:%d: %d columns, at most %d are allowed; fix: break it", file, number, n, columns)
			}
		}
	}
}

// texts are the tracked files that people write and the linters of Go do not read: Markdown, YAML, archives with
// YAML, scripts and the Makefile.
func texts(t *testing.T) map[string]string {
	t.Helper()
	if _, err := os.Stat("../../.git"); err != nil {
		t.Skip("no git repository: its files are not known")
	}
	files, err := exec.Command("git", "-C", "../..", "ls-files", "-z").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for file := range strings.SplitSeq(strings.TrimSuffix(string(files), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			continue // deleted in the work tree, or a link to a directory
		}
		switch filepath.Ext(file) {
		case ".go", ".md", ".yaml", ".yml", ".txtar":
			found[file] = string(text)
		default:
			if filepath.Base(file) == "Makefile" || bytes.HasPrefix(text, []byte("#!")) {
				found[file] = string(text)
			}
		}
	}
	if len(found) < 200 {
		t.Fatalf("only %d files were found", len(found))
	}
	return found
}

// inputs blanks the *.txt of an archive: the messages of errors, each on one line.
func inputs(archive string) string {
	lines := strings.SplitAfter(archive, "\n")
	output := false
	for i, line := range lines {
		if name, ok := strings.CutPrefix(line, "-- "); ok {
			output = strings.HasSuffix(name, ".txt --\n")
		}
		if output {
			lines[i] = "\n"
		}
	}
	return strings.Join(lines, "")
}

// breakable counts the columns of a line without its words that cannot be broken.
func breakable(line string) int {
	line = strings.TrimRight(line, "\n")
	n := utf8.RuneCountInString(line)
	for word := range strings.FieldsSeq(line) {
		if length := utf8.RuneCountInString(word); length >= unbreakable {
			n -= length
		}
	}
	return n
}

func TestBreakable(t *testing.T) {
	url := "https://example.org/" + strings.Repeat("a", unbreakable)
	for line, want := range map[string]int{"a b\n": 3, "\tä": 2, url: 0, "- see " + url + " again": 12} {
		if got := breakable(line); got != want {
			t.Errorf("%q has %d columns, want %d", line, got, want)
		}
	}
}
