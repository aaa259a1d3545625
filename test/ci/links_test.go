package ci

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	fenced  = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	linked  = regexp.MustCompile(`(?:\]\(|(?m:^\[[^\]]+\]:) +)([^)\s]+)`)
	inText  = regexp.MustCompile(`\b(docs/[a-z0-9/-]+\.md(?:#[a-z0-9-]+)?)`) // of errors, comments and pages alike
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	unsaid  = regexp.MustCompile("[^a-z0-9 _-]")
)

// Links between pages lead to a file, and to a heading of it; so do the pages that errors and comments name.
func TestLinks(t *testing.T) {
	pages := map[string]map[string]bool{} // anchors by file
	all := texts(t)
	for file, text := range all {
		if filepath.Ext(file) == ".md" {
			pages[file] = anchors(text)
		}
	}
	for file, text := range all {
		if filepath.Ext(file) == ".md" {
			for _, link := range linked.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
				if !strings.Contains(link[1], ":") {
					checkLink(t, file, path.Join(path.Dir(file), link[1]), pages)
				}
			}
		}
		for _, link := range inText.FindAllStringSubmatch(text, -1) {
			checkLink(t, file, link[1], pages)
		}
	}
	got := anchors("# A `b.c`, d\n```\n# comment\n```\n## A\n## A\n")
	for _, want := range []string{"a-bc-d", "a", "a-1"} {
		if !got[want] || len(got) != 3 {
			t.Errorf("anchors: %v; want %q among three", got, want)
		}
	}
}

// checkLink checks a link in file to target, a path from the root with or without an anchor.
func checkLink(t *testing.T, file, target string, pages map[string]map[string]bool) {
	t.Helper()
	target, anchor, _ := strings.Cut(target, "#")
	if strings.HasSuffix(target, "/") || target == "" {
		target = file // of the page itself
	}
	if _, err := os.Stat(filepath.Join("../..", target)); err != nil {
		t.Errorf("%s: there is no %s", file, target)
	} else if anchor != "" && !pages[target][anchor] {
		t.Errorf("%s: %s has no heading #%s", file, target, anchor)
	}
}

// anchors are those that GitHub gives the headings of a page: in lower case, without punctuation, numbered if there
// are several.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		name := strings.ReplaceAll(unsaid.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")
		anchor := name
		for n := 1; found[anchor]; n++ {
			anchor = name + "-" + strconv.Itoa(n)
		}
		found[anchor] = true
	}
	return found
}
