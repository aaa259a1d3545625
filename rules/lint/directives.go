package lint

import (
	"regexp"
	"strings"
)

var versionDirective = regexp.MustCompile(`^%YAML +1\.[0-9]+`)

// withKnownDirectives is a text with the one version that the YAML parser knows. Falco takes each 1.x, and ignores
// directives that it does not know. Lines stay where they are.
func withKnownDirectives(text string) string {
	lines := strings.SplitAfter(text, "\n")
	before := true // a document's first content
	for i, line := range lines {
		switch {
		case before && strings.HasPrefix(line, "%YAML "):
			lines[i] = versionDirective.ReplaceAllString(line, "%YAML 1.1")
		case before && strings.HasPrefix(line, "%") && !strings.HasPrefix(line, "%TAG "):
			lines[i] = "#" + line[1:]
		case strings.HasPrefix(line, "..."):
			before = true
		case strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "%"):
			before = false
		}
	}
	return strings.Join(lines, "")
}
