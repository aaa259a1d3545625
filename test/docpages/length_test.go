package docpages

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// maxLines is the length of a page that is read for one task. Longer pages have several tasks: split them.
const maxLines = 150

// generated are pages in which a reader looks up one row, and which tests or runs write.
var generated = map[string]string{
	"changing-settings.md": "a row a setting: make settings-table",
	"quickstart.md":        "a transcript: ci/quickstart",
	"settings.md":          "a row a setting: go test ./stack -run Generated -update",
	"silencing.md":         "an entry a false positive: UPDATE_DOCS=1 go test ./rules -run TestTuningIsDocumented",
}

// Pages in docs/ have at most maxLines, except those that are generated.
func TestPagesAreShort(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"*.md", "*/*.md"} {
		found, err := filepath.Glob(filepath.Join("../../docs", pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	if len(pages) < 30 {
		t.Fatalf("%d pages, want at least 30", len(pages))
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(text, []byte("\n"))
		name, _ := filepath.Rel("../../docs", page)
		_, exempt := generated[name]
		if lines > maxLines && !exempt {
			t.Errorf("docs/%s has %d lines, at most %d are allowed; fix: split it by task", name, lines, maxLines)
		}
		if lines <= maxLines && exempt {
			t.Errorf("docs/%s has %d lines: remove it from generated", name, lines)
		}
	}
	for name := range generated {
		if !slices.Contains(pages, filepath.Join("../../docs", name)) {
			t.Errorf("docs/%s does not exist: remove it from generated", name)
		}
	}
}
