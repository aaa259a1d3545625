package stacktest

import (
	"regexp"
	"strings"
)

// Variant is a stack file with one of its commented settings set.
type Variant struct {
	Setting string // its line
	Text    string
}

// commented is a line with a commented setting: "# " in front of the line as it is written otherwise, which is below
// config. Other comments have one space behind the #. Where `pulumi config set` rewrites the file, it moves some
// comments to the right: these are not taken for settings.
var commented = regexp.MustCompile(`^# ( {2,})(- .*|[A-Za-z][A-Za-z0-9:-]*:( .*)?)$`)

// Uncommented are the variants of a stack file in which one commented setting is set, with all that is inside of it.
func Uncommented(text string) []Variant {
	lines := strings.Split(text, "\n")
	var variants []Variant
	for i := 0; i < len(lines); {
		first := commented.FindStringSubmatch(lines[i])
		if first == nil {
			i++
			continue
		}
		changed, end := append([]string{}, lines...), i
		for ; end < len(lines); end++ {
			line := commented.FindStringSubmatch(lines[end])
			if line == nil || end > i && len(line[1]) <= len(first[1]) {
				break
			}
			changed[end] = line[1] + line[2]
		}
		if end > i+1 || !strings.HasSuffix(first[2], ":") { // without a value it is not complete
			variants = append(variants, Variant{Setting: first[2], Text: strings.Join(changed, "\n")})
		}
		i = end
	}
	return variants
}
