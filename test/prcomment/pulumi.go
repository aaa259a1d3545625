package prcomment

import (
	"regexp"
	"strings"
)

var (
	// volatile is where something is kept, and how long it took; the URN next to it identifies it.
	volatile = regexp.MustCompile(`^ +\[(id|provider)=|^Duration: `)
	// property is a line of a resource's inputs, or the end of some, without a sign.
	property = regexp.MustCompile(`^ {8,}(([\w./-]+|\[\d+\]|"[^"]*") *: |[}\]]$)`)
	sign     = regexp.MustCompile(`^( *)([-+~]|\+-|-\+|\+\+|--) `)
)

// summary is Pulumi's count of what it would do.
func summary(output string) string {
	_, counts, found := strings.Cut(output, "\nResources:\n")
	if !found {
		return "it did not end, see below"
	}
	var all []string
	for line := range strings.Lines(counts) {
		line = strings.TrimSpace(line)
		if line == "" || volatile.MatchString(line) {
			break
		}
		all = append(all, escape(line))
	}
	return strings.Join(all, ", ")
}

// condense leaves out inputs that stay as they are, but for those next to a change, and moves signs to the start of
// their lines, where a diff is colored by them. Diagnostics stay whole.
func condense(output string) string {
	var lines []string
	for line := range strings.Lines(output) {
		if line = strings.TrimSuffix(line, "\n"); !volatile.MatchString(line) {
			lines = append(lines, line)
		}
	}
	var all strings.Builder
	diagnostics, skipping := false, false
	for i, line := range lines {
		diagnostics = diagnostics || line == "Diagnostics:" || line == "Resources:"
		quiet := func(n int) bool { return n < 0 || n >= len(lines) || property.MatchString(lines[n]) }
		if !diagnostics && quiet(i-1) && quiet(i) && quiet(i+1) {
			if !skipping {
				all.WriteString(strings.Repeat(" ", len(line)-len(strings.TrimLeft(line, " "))) + "...\n")
			}
			skipping = true
			continue
		}
		skipping = false
		all.WriteString(hoist(line) + "\n")
	}
	return all.String()
}

// hoist makes a changed line (~) one that GitHub colors (!).
func hoist(line string) string {
	match := sign.FindStringSubmatch(line)
	if match == nil {
		return line
	}
	return strings.ReplaceAll(match[2], "~", "!") + match[1] + line[len(match[1])+len(match[2]):]
}
