package override

import (
	"slices"
	"strings"

	"doks-security/stack/field"
	"doks-security/values"
)

// Check refuses values that are protected, and secrets in plain text. base are the release's values without the file.
func (f File) Check(base map[string]any, protected []values.Protected, errs *field.Errors) {
	for _, l := range leaves("", f.Values) {
		if at, by := touched(l, base, protected); by != nil {
			errs.Add(f.key(l.path), shown(l.path, l.value), f.allowed(l.path, at, by), f.fix(by))
		}
	}
	f.CheckSecrets(errs)
}

// allowed is the reason; at is the protected path that the value touches.
func (f File) allowed(path, at string, by *values.Protected) string {
	text := "no override"
	if at != path {
		text += ": it replaces " + at
	}
	if by.Use != "" {
		text += "; the setting " + by.Use + " has it"
	}
	if by.Why != "" {
		text += "; " + by.Why
	}
	return strings.Replace(text, "override; ", "override: ", 1)
}

func (f File) fix(by *values.Protected) string {
	if by.Use == "" {
		return "remove it from " + f.Name
	}
	return "remove it from " + f.Name + ", and use the setting: docs/settings.md, " + by.Use
}

// leaf is a value that is no map, which replaces what the release has at its path.
type leaf struct {
	path  string // keys joined by dots
	value any
}

// leaves are those below path, sorted by path. An empty map is none: merged over another it changes nothing.
func leaves(path string, value any) []leaf {
	object, isMap := value.(map[string]any)
	if !isMap {
		return []leaf{{path, value}}
	}
	var all []leaf
	for key, below := range object {
		all = append(all, leaves(strings.TrimPrefix(path+"."+key, "."), below)...)
	}
	slices.SortFunc(all, func(a, b leaf) int { return strings.Compare(a.path, b.path) })
	return all
}

// touched is the protected path that a leaf changes, and what protects it: the leaf itself or, where the leaf replaces
// a map, something in that map. Nil: nothing.
func touched(l leaf, base map[string]any, protected []values.Protected) (string, *values.Protected) {
	for i := range protected {
		if protected[i].Covers(l.path) {
			return l.path, &protected[i]
		}
	}
	for i := range protected {
		if below := protected[i].Below(l.path); below != "" {
			return below, &protected[i]
		}
	}
	for _, replaced := range leaves("", base) {
		if !strings.HasPrefix(replaced.path, l.path+".") {
			continue
		}
		for i := range protected {
			if protected[i].Covers(replaced.path) {
				return replaced.path, &protected[i]
			}
		}
	}
	return "", nil
}
