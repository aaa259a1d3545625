package field

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Format is what values of a setting are allowed, and what an error says otherwise.
type Format struct {
	Enum                   []string          // of strings
	Pattern                *regexp.Regexp    // of strings; also in the JSON schema
	Except                 []string          // strings that Pattern matches and that are not allowed
	Valid                  func(string) bool // of strings, in addition to the others; not in the JSON schema
	MaxLength              int               // of strings, in bytes; 0: any
	Min, Max               int               // of integers, in Unit; both 0: any
	Unit                   string            // GiB, nodes
	MinItems               int               // of lists
	Allowed, Fix           string            // texts of an error; default: from the fields above. {key} in Fix is the key
	Example                string            // a value for the default Fix; default: the first of Enum, or Min
	EmptyAllowed, EmptyFix string            // texts for a list with less than MinItems
}

// Formats are named formats, for the tag format of settings.
type Formats map[string]Format

// With returns the formats together with others.
func (f Formats) With(others Formats) Formats {
	all := maps.Clone(f)
	maps.Copy(all, others)
	return all
}

// Common are formats that settings of several packages have.
var Common = Formats{
	"label": {Pattern: Label, Allowed: "lowercase letters, digits and hyphens, at most 63", Example: "<name>"},
	"secretURL": {
		Valid: func(value string) bool { _, ok := ParseURL(value); return ok }, Allowed: "a URL that starts with https://",
	},
}

// Allows reports whether a string is allowed.
func (f Format) Allows(value string) bool {
	return (f.Enum == nil || slices.Contains(f.Enum, value)) && (f.Pattern == nil || f.Pattern.MatchString(value)) &&
		!slices.Contains(f.Except, value) && (f.Valid == nil || f.Valid(value)) &&
		(f.MaxLength == 0 || len(value) <= f.MaxLength)
}

func (f Format) allowsNumber(value int64) bool {
	return f.Min == 0 && f.Max == 0 || value >= int64(f.Min) && value <= int64(f.Max)
}

// AllowedText says what is allowed; empty: any value of the type.
func (f Format) AllowedText() string {
	switch {
	case f.Allowed != "" && f.MaxLength != 0:
		return fmt.Sprintf("%s, at most %d characters", f.Allowed, f.MaxLength)
	case f.Allowed != "":
		return f.Allowed
	case f.Enum != nil:
		return strings.Join(f.Enum, ", ")
	case f.Max != 0:
		return strings.TrimSpace(fmt.Sprintf("%d to %d %s", f.Min, f.Max, f.Unit))
	case f.MaxLength != 0:
		return fmt.Sprintf("at most %d characters", f.MaxLength)
	}
	return ""
}

func (f Format) fix(key string) string {
	fix, example := f.Fix, f.Example
	switch {
	case fix != "":
		return strings.ReplaceAll(fix, "{key}", key)
	case example != "":
	case f.Enum != nil:
		example = f.Enum[0]
	case f.Max != 0:
		example = fmt.Sprint(f.Min)
	default:
		return "shorten it"
	}
	return fmt.Sprintf("pulumi config set %s %s", argument(key), example)
}

// Refuse adds the error of a value that is not allowed; nil is a missing one.
func (f Format) Refuse(key string, value any, errs *Errors) {
	errs.Add(key, value, f.AllowedText(), f.fix(key))
}
