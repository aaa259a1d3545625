package values

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Protected are parts of a release's values that the files in overrides/ may not change: a setting has them, or the
// stack would be less safe, or no longer connected. <release>/protected.yaml has those of a release, protected.yaml
// those of every release.
type Protected struct {
	// Paths are keys joined by dots, each with all below it. * is any one key, ** any number of them; **.name is also
	// the key name itself.
	Paths []string `yaml:"paths"`
	Use   string   `yaml:"use"`  // the setting that changes them; empty: none does
	Why   string   `yaml:"why"`  // the reason, where there is no setting, or what else is to know
	With  Option   `yaml:"with"` // protected with this setting only; empty: always
}

//go:embed protected.yaml
var protectedFile []byte

// ProtectedOf returns the protected parts of a release, by folder.
func (s Set) ProtectedOf(folder string) ([]Protected, error) {
	var all, own []Protected
	if err := decodeStrictly("values/protected.yaml", protectedFile, &all); err != nil {
		return nil, err
	}
	err := s[folder].readStrictly("protected.yaml", &own)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, p := range append(all, own...) {
		if len(p.Paths) == 0 || p.Use == "" && p.Why == "" {
			return nil, fmt.Errorf("%s/protected.yaml or values/protected.yaml: an entry without paths, or without "+
				"use and why: %+v", s[folder].Dir, p)
		}
		if p.With != "" && !slices.Contains(Options, p.With) {
			return nil, fmt.Errorf("%s/protected.yaml: no option %q; allowed: %q", s[folder].Dir, p.With, Options)
		}
	}
	return append(own, all...), nil
}

// Covers reports whether a path is one of the protected, or below one.
func (p Protected) Covers(at string) bool {
	for _, pattern := range p.Paths {
		if expression(pattern).MatchString(at) {
			return true
		}
	}
	return false
}

// Below returns a protected path that is below a path, as far as it has no wildcard; empty: there is none.
func (p Protected) Below(at string) string {
	for _, pattern := range p.Paths {
		fixed, _, _ := strings.Cut(pattern, "*")
		if strings.HasPrefix(fixed, at+".") {
			return pattern
		}
	}
	return ""
}

func expression(pattern string) *regexp.Regexp {
	text := regexp.QuoteMeta(pattern)
	if rest, any := strings.CutPrefix(text, `\*\*\.`); any {
		text = `(.*\.)?` + rest
	}
	text = strings.ReplaceAll(text, `\*\*`, `.*`)
	text = strings.ReplaceAll(text, `\*`, `[^.]*`)
	return regexp.MustCompile(`^` + text + `(\..*)?$`)
}
