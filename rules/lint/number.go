package lint

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var unsignedForm = regexp.MustCompile(`^(?:0[xX][0-9a-fA-F]+|[0-9]+)$`)

// unsigned reads a number of 32 bits as the YAML library in Falco does: decimal, hexadecimal behind 0x or octal behind
// 0, with a plus before and white space behind it.
func unsigned(text string) (uint64, error) {
	text = strings.TrimPrefix(strings.TrimRight(text, spaces), "+")
	if !unsignedForm.MatchString(text) {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return strconv.ParseUint(text, 0, 32)
}

var versionForm = regexp.MustCompile(`^\s*([+-]?)([0-9]+)\.\s*([+-]?)([0-9]+)\.\s*([+-]?)([0-9]+)`)

// parseVersion reads x.y.z as the engine does: numbers are cut to 32 bits, and what follows the third is ignored.
func parseVersion(text string) (version [3]uint32, err error) {
	found := versionForm.FindStringSubmatch(text)
	if found == nil {
		return version, fmt.Errorf("%q is no version", text)
	}
	for i := range version {
		n, _ := strconv.ParseUint(found[2*i+2], 10, 64) // one that is too large becomes the largest
		if version[i] = uint32(n); found[2*i+1] == "-" {
			version[i] = -version[i]
		}
	}
	return version, nil
}
