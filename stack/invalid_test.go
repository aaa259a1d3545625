package stack

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"doks-security/stack/field"
)

var update = flag.Bool("update", false, "write generated files, and the messages in testdata/invalid")

// longValue in a case is a value of 100,000 characters.
const longValue = "<100000 times x>"

// invalidCase is a stack file with one error, from an archive in testdata/invalid: <name>.yaml, and next to it
// <name>.txt, the message a person reads.
type invalidCase struct {
	name      string
	stackFile []byte
	message   *txtar.File
}

func readArchive(t *testing.T, file string) *txtar.Archive {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func casesOf(t *testing.T, archive *txtar.Archive) []invalidCase {
	t.Helper()
	var cases []invalidCase
	for i := 0; i+1 < len(archive.Files); i += 2 {
		stackFile, message := archive.Files[i], &archive.Files[i+1]
		name, ok := strings.CutSuffix(stackFile.Name, ".yaml")
		if !ok || message.Name != name+".txt" {
			t.Fatalf("%s and %s: want <name>.yaml and <name>.txt", stackFile.Name, message.Name)
		}
		text := strings.ReplaceAll(string(stackFile.Data), longValue, strings.Repeat("x", 100_000))
		cases = append(cases, invalidCase{name, []byte(text), message})
	}
	if len(cases) == 0 || len(archive.Files)%2 != 0 {
		t.Fatalf("%d files in the archive of %q, want two of each case", len(archive.Files), archive.Comment)
	}
	return cases
}

// invalidCases are those of all archives.
func invalidCases(t *testing.T) []invalidCase {
	t.Helper()
	var all []invalidCase
	for _, file := range fixtures(t, "testdata/invalid/*.txtar") {
		all = append(all, casesOf(t, readArchive(t, file))...)
	}
	return all
}

func TestInvalidSettings(t *testing.T) {
	names := map[string]bool{}
	for _, file := range fixtures(t, "testdata/invalid/*.txtar") {
		archive := readArchive(t, file)
		for _, c := range casesOf(t, archive) {
			if names[c.name] {
				t.Errorf("%s: two cases are named %s", filepath.Base(file), c.name)
			}
			names[c.name] = true
			t.Run(c.name, func(t *testing.T) { testInvalid(t, c) })
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(names) < 190 {
		t.Errorf("%d cases, want at least 190", len(names))
	}
}

func testInvalid(t *testing.T, c invalidCase) {
	t.Helper()
	_, err := load(t, c.stackFile)
	if err == nil {
		t.Fatal("no error")
	}
	var errs field.Errors
	if !errors.As(err, &errs) || len(errs) != 1 {
		t.Fatalf("want exactly one error, got:\n%v", err)
	}
	if e := errs[0]; e.Key == "" || e.Allowed == "" || e.Fix == "" {
		t.Errorf("an error names its key, what is allowed and the fix: %+v", e)
	}
	got := []byte(errs.Error() + "\n")
	if *update {
		c.message.Data = got
	}
	if !bytes.Equal(got, c.message.Data) {
		t.Errorf("message\n%s\nwant\n%s\ngo test ./stack -run InvalidSettings -update writes it", got, c.message.Data)
	}
}
