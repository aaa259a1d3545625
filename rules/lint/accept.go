package lint

import (
	"regexp"
	"slices"
	"strings"
)

// acceptForm is the comment that accepts warnings by their names, in the entry or on the lines right above it:
//
//	# lint:accept LOAD_NO_EVTTYPE, not-a-list: it runs on a test node only
var acceptForm = regexp.MustCompile(`^[^"']*#\s*lint:accept\s+([A-Za-z_-]+(?:\s*,\s*[A-Za-z_-]+)*)`)

// entryForm is the first line of an element of a file's list.
var entryForm = regexp.MustCompile(`^- `)

// accepted leaves out the warnings that a comment accepts.
func accepted(problems Problems, files []File) Problems {
	byFile := map[string]map[int][]string{}
	for _, file := range files {
		if strings.Contains(file.Text, "lint:accept") {
			byFile[file.Name] = acceptances(file.Text)
		}
	}
	return slices.DeleteFunc(problems, func(p Problem) bool {
		return p.Warning && slices.Contains(byFile[p.File][p.Line], p.Name)
	})
}

// acceptances are the names accepted for each line.
func acceptances(text string) map[int][]string {
	lines := strings.Split(text, "\n")
	names := map[int][]string{}
	for from := 0; from < len(lines); {
		to := from + 1
		for to < len(lines) && !begins(lines, to) {
			to++
		}
		var found []string
		for _, line := range lines[from:to] {
			if match := acceptForm.FindStringSubmatch(line); match != nil {
				found = append(found, strings.FieldsFunc(match[1],
					func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })...)
			}
		}
		for line := from; line < to; line++ {
			names[line+1] = found
		}
		from = to
	}
	return names
}

// begins is true of the first line of an entry, or of the comments right above it.
func begins(lines []string, i int) bool {
	if strings.HasPrefix(lines[i-1], "#") {
		return false
	}
	for ; i < len(lines); i++ {
		if !strings.HasPrefix(lines[i], "#") {
			return entryForm.MatchString(lines[i])
		}
	}
	return false
}
