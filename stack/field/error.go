// Package field has the error of one field of a stack file, and the list of all of them: a configuration is refused as
// a whole, with everything that is wrong, before anything is created.
package field

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Project is the namespace of the configuration keys: the name in Pulumi.yaml.
const Project = "doks-security"

// Error is one error of a configuration: the key, its value, what is allowed, and how to fix it.
type Error struct {
	Key     string // as `pulumi config set --path` takes it: below the project's namespace, or with another one
	Value   string // as configured; empty when the key is missing
	Allowed string
	Fix     string
}

func (e Error) String() string {
	value := e.Value
	if value == "" {
		value = "not set"
	}
	key := e.Key
	if !strings.Contains(key, ":") {
		key = Project + ":" + key
	}
	return fmt.Sprintf("%s: %s\n    allowed: %s\n    fix: %s", shorten(printable(key), 200),
		shorten(printable(value), 200),
		e.Allowed, shorten(e.Fix, 1000))
}

// shorten keeps the first characters of a string, and adds how many there are.
func shorten(text string, longest int) string {
	characters := []rune(text)
	if len(characters) <= longest {
		return text
	}
	return fmt.Sprintf("%s... (%d characters)", string(characters[:longest]), len(characters))
}

// printable escapes line breaks and control characters: a message is read in a terminal.
func printable(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) < 0 {
		return text
	}
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// Errors are all errors of a configuration.
type Errors []Error

// Error lists the errors ordered by key.
func (es Errors) Error() string {
	sorted := append(Errors(nil), es...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Key < sorted[j].Key })
	lines := make([]string, 0, len(sorted)+1)
	noun := "errors"
	if len(es) == 1 {
		noun = "error"
	}
	lines = append(lines, fmt.Sprintf("invalid stack configuration (%d %s); no resources were changed", len(es), noun))
	for _, e := range sorted {
		lines = append(lines, "  "+strings.ReplaceAll(e.String(), "\n", "\n  "))
	}
	return strings.Join(lines, "\n")
}

// Add appends an error. value is printed with %v, strings quoted; nil is a missing value.
func (es *Errors) Add(key string, value any, allowed, fix string) {
	text := fmt.Sprintf("%v", value)
	if s, ok := value.(string); ok {
		text = fmt.Sprintf("%q", s)
	}
	if value == nil {
		text = ""
	}
	*es = append(*es, Error{Key: key, Value: text, Allowed: allowed, Fix: fix})
}

// Has reports whether there is an error of this key.
func (es Errors) Has(key string) bool {
	return slices.ContainsFunc(es, func(e Error) bool { return e.Key == key })
}

// Err is nil without errors: a nil Errors in an error would not be.
func (es Errors) Err() error {
	if len(es) == 0 {
		return nil
	}
	return es
}

// Join is all of the errors, those of the configuration as one list; nil when all are.
func Join(errs ...error) error {
	var all Errors
	var others []error
	for _, err := range errs {
		var some Errors
		if errors.As(err, &some) {
			all = append(all, some...)
		} else if err != nil {
			others = append(others, err)
		}
	}
	if len(others) == 0 {
		return all.Err()
	}
	return errors.Join(append([]error{all.Err()}, others...)...)
}
