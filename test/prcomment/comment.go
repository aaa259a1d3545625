package prcomment

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

const (
	// Limit is how long a comment may be: GitHub takes 65,536 characters. Bytes are counted, which are never fewer.
	Limit = 65_536
	// pulumiLimit is what Pulumi's diff may take of it, so that manifests have room too.
	pulumiLimit = 24_000
	// tail is what the end of a comment needs at most: what was left out, and where it is.
	tail = 2_000
)

// Marker is the first line of a stack's comment: by it the comment is found and edited.
func Marker(stack string) string { return "<!-- doks-security preview " + stack + " -->" }

// Input is what a comment is made of.
type Input struct {
	Stack         string
	Before, After string // directories of manifests: the base branch's, the change's
	Pulumi        string // what `pulumi preview --diff` printed; empty: it did not run
	Whole         string // where all of it can be read
}

// Comment writes the comment, at most Limit bytes of Markdown.
func Comment(in Input) (string, error) {
	was, before, err := read(in.Before)
	if err != nil {
		return "", err
	}
	is, after, err := read(in.After)
	if err != nil {
		return "", err
	}
	for _, set := range []map[string]string{before, after} {
		for name, text := range set {
			set[name] = Without(text, VersionLabels...)
		}
	}
	changes, same, err := Compare(before, after)
	if err != nil {
		return "", err
	}
	p := &page{}
	p.add(Marker(in.Stack) + "\n## Preview of " + code(in.Stack) + "\n\n" + numbers(was, is))
	p.add(warnings(was, is))
	p.pulumi(in.Pulumi)
	p.manifests(changes, same)
	p.end(in.Whole)
	return p.text.String(), nil
}

// page is a comment being written; what has no room is named at its end.
type page struct {
	text strings.Builder
	left []string
}

func (p *page) add(text string) { p.text.WriteString(text) }

func (p *page) room() int { return Limit - tail - p.text.Len() }

func (p *page) pulumi(output string) {
	p.add("\n### Pulumi\n\n")
	if output == "" {
		p.add("`pulumi preview` did not run: it needs the environment's secrets, which the change of a fork never meets.\n")
		return
	}
	shown, whole := cut(condense(output), min(pulumiLimit, p.room()))
	if !whole {
		p.left = append(p.left, "the rest of Pulumi's diff")
	}
	p.add(folded("<code>pulumi preview --diff</code>: "+summary(output), shown))
}

// manifests shows the objects that differ, one fold a release.
func (p *page) manifests(changes []Change, same int) {
	p.add(fmt.Sprintf("\n### Manifests\n\n%d objects differ, %d stay as they are.\n\n", len(changes), same))
	byRelease := map[string][]Change{}
	var releases []string
	for _, c := range changes {
		release := path.Dir(c.Name)
		if byRelease[release] == nil {
			releases = append(releases, release)
		}
		byRelease[release] = append(byRelease[release], c)
	}
	// The small ones first: more of them have room.
	slices.SortFunc(releases, func(a, b string) int {
		return cmp.Or(cmp.Compare(size(byRelease[a]), size(byRelease[b])), strings.Compare(a, b))
	})
	for _, release := range releases {
		p.release(release, byRelease[release])
	}
}

func size(changes []Change) int {
	total := 0
	for _, c := range changes {
		total += len(c.Name) + len(c.Diff)
	}
	return total
}

func (p *page) release(name string, changes []Change) {
	count := map[byte]int{}
	var text strings.Builder
	for _, c := range changes {
		count[c.Kind]++
		fmt.Fprintf(&text, "%c %s\n%s\n", c.Kind, path.Base(c.Name), c.Diff)
	}
	title := fmt.Sprintf("%s: +%d ~%d -%d", code(name), count['+'], count['~'], count['-'])
	room := p.room() - len(title) - 100 // of the fold itself
	shown, whole := cut(text.String(), room)
	if !whole {
		p.left = append(p.left, "the rest of "+title)
	}
	if shown != "" {
		p.add(folded(strings.ReplaceAll(strings.Replace(title, "`", "<code>", 1), "`", "</code>"), shown))
	}
}

func (p *page) end(whole string) {
	if len(p.left) > 0 {
		text, complete := cut("\n> [!WARNING]\n> GitHub's comments are limited; left out: "+strings.Join(p.left, ", ")+
			".\n", tail-400)
		p.add(text)
		if !complete {
			p.add("\n")
		}
	}
	if whole != "" {
		p.add("\nThe whole: " + whole + "\n")
	}
}
