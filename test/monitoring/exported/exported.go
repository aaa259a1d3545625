// Package exported has what the programs of the stack show on /metrics, as far as alerts, rules and dashboards read it:
// the metrics that charts may read by program (charts.yaml; those of ours are in package monitoring), and recordings of
// the real programs with their labels, <program>.txt. A chart's rule or dashboard that reads a metric which is in no
// list, and a list with a metric that its program does not show, fail tests.
//
// A recording is written from the running program:
//
//	go -C test test -vet=off ./monitoring/exported -run Recordings -update
package exported

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed charts.yaml *.txt
var files embed.FS

// Exporter is a program, and what is read of it.
type Exporter struct {
	At      string `yaml:"at"` // where the metrics were looked up
	Proof   `yaml:",inline"`
	Metrics []string `yaml:"metrics"`
}

// Proof says how it is known that a program exports metrics: by a recording, or not at all.
type Proof struct {
	Program string `yaml:"program"` // with a recording
	// Unseen are metrics that the recording lacks, by why: hardware or objects that were not there.
	Unseen map[string]string `yaml:"unseen"`
	// Unproven is why there is no recording.
	Unproven string `yaml:"unproven"`
}

// Charts are the programs whose metrics the rules and dashboards of charts may read.
func Charts() (map[string]Exporter, error) {
	text, err := files.ReadFile("charts.yaml")
	if err != nil {
		return nil, err
	}
	exporters := map[string]Exporter{}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&exporters); err != nil {
		return nil, fmt.Errorf("reading charts.yaml: %w", err)
	}
	return exporters, nil
}

// Recording is what a program exported when it was recorded.
type Recording struct {
	Version string // of the program
	// Labels of each metric. A metric without a sample, of which only the type was shown, has none.
	Labels map[string][]string
}

// Read returns a program's recording.
func Read(program string) (*Recording, error) {
	text, err := files.ReadFile(program + ".txt")
	if err != nil {
		return nil, fmt.Errorf("no recording of %s: %w", program, err)
	}
	r := &Recording{Labels: map[string][]string{}}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if version, ok := strings.CutPrefix(line, "# "); ok {
			r.Version = version
			continue
		}
		name, labels, _ := strings.Cut(strings.TrimSuffix(line, "}"), "{")
		r.Labels[name] = strings.FieldsFunc(labels, func(c rune) bool { return c == ',' })
	}
	return r, nil
}

// String is the text of the recording's file.
func (r *Recording) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "# %s\n", r.Version)
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		labels := ""
		if len(r.Labels[name]) > 0 {
			labels = "{" + strings.Join(r.Labels[name], ",") + "}"
		}
		fmt.Fprintf(&text, "%s%s\n", name, labels)
	}
	return text.String()
}

// Check finds what the proof does not hold for: metrics of a program, with the labels that queries use. Labels that
// Prometheus adds are not among them.
func (p Proof) Check(metrics map[string][]string) []string {
	if (p.Program == "") == (p.Unproven == "") {
		return []string{"needs program, a recording, or unproven, the reason why there is none"}
	}
	if p.Program == "" {
		return nil
	}
	recording, err := Read(p.Program)
	if err != nil {
		return []string{err.Error()}
	}
	var errs []string
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		labels, seen := recording.Labels[name]
		switch reason := p.Unseen[name]; {
		case seen && reason != "":
			errs = append(errs, name+" is in the recording: remove it from unseen")
		case !seen && reason == "":
			errs = append(errs, fmt.Sprintf("%s %s does not export %s", p.Program, recording.Version, name))
		case seen && len(labels) > 0:
			for _, label := range metrics[name] {
				if !slices.Contains(labels, label) {
					errs = append(errs, fmt.Sprintf("%s has no label %q, but %v", name, label, labels))
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Unseen)) {
		if _, listed := metrics[name]; !listed {
			errs = append(errs, cmp.Or(name, "a name")+" is in unseen, and not read")
		}
	}
	return errs
}
