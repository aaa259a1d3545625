package stack

import (
	"fmt"
	"sort"
	"strings"
)

// Fault is one thing wrong with a configuration: where, what stands there, what may stand there, and what to do.
type Fault struct {
	Key     string // as `pulumi config set --path` takes it: below the project's namespace, or with another one
	Value   string // as configured; empty when the key is missing
	Allowed string
	Fix     string
}

func (f Fault) String() string {
	value := f.Value
	if value == "" {
		value = "not set"
	}
	key := f.Key
	if !strings.Contains(key, ":") {
		key = Project + ":" + key
	}
	return fmt.Sprintf("%s: %s\n    allowed: %s\n    fix: %s", key, value, f.Allowed, f.Fix)
}

// Faults are all the faults of a configuration, so that they are mended in one go.
type Faults []Fault

// Error lists the faults ordered by key.
func (fs Faults) Error() string {
	sorted := append(Faults(nil), fs...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Key < sorted[j].Key })
	lines := make([]string, 0, len(sorted)+1)
	noun := "faults"
	if len(fs) == 1 {
		noun = "fault"
	}
	lines = append(lines, fmt.Sprintf("%d %s in the stack's configuration; nothing was created", len(fs), noun))
	for _, f := range sorted {
		lines = append(lines, "  "+strings.ReplaceAll(f.String(), "\n", "\n  "))
	}
	return strings.Join(lines, "\n")
}

// add notes a fault. value is printed with %v, strings quoted.
func (fs *Faults) add(key string, value any, allowed, fix string) {
	text := fmt.Sprintf("%v", value)
	if s, ok := value.(string); ok {
		text = fmt.Sprintf("%q", s)
	}
	if value == nil {
		text = ""
	}
	*fs = append(*fs, Fault{Key: key, Value: text, Allowed: allowed, Fix: fix})
}

// err is nil without faults: a nil Faults in an error would not be.
func (fs Faults) err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs
}
