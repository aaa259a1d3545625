// Package prcomment writes what a pull request changes for one stack as one comment: Pulumi's diff, the difference
// between what its releases render on the base branch and on the change, the cost, and the room left on the nodes. It
// only reads files, which may come from a fork's code: it trusts none of them.
package prcomment

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// SummaryFile holds the Summary of a directory of manifests.
const SummaryFile = "summary.json"

// Resources are CPU in thousandths of a core and memory in MiB.
type Resources struct {
	MilliCPU int `json:"milliCPU"`
	MiB      int `json:"MiB"`
}

// Summary is what else there is to report of one stack next to its manifests.
type Summary struct {
	Stack      string `json:"stack"`
	Kubernetes string `json:"kubernetes"`
	// StandIns says that the charts are stand-ins, not the published ones: what those would render is not known.
	StandIns bool     `json:"standIns"`
	Notes    []string `json:"notes,omitempty"` // on single charts: unverified, unpinned
	// Nodes is the minimum number of nodes of this stack; none is known of an existing cluster. Room is what they
	// leave next to DOKS' own pods, Free what this stack leaves of it.
	Nodes int       `json:"nodes"`
	Room  Resources `json:"room"`
	Free  Resources `json:"free"`
	// MonthlyCostUSD is nil where it was not computed.
	MonthlyCostUSD *float64 `json:"monthlyCostUSD,omitempty"`
}

// read reads what is written of a stack from its directory.
func read(dir string) (Summary, map[string]string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Summary{}, nil, fmt.Errorf("reading manifests: %w", err)
	}
	defer root.Close()
	files, err := texts(root)
	if err != nil {
		return Summary{}, nil, fmt.Errorf("reading manifests in %s: %w", dir, err)
	}
	var s Summary
	if err := json.Unmarshal([]byte(files[SummaryFile]), &s); err != nil {
		return Summary{}, nil, fmt.Errorf("reading %s in %s: %w", SummaryFile, dir, err)
	}
	delete(files, SummaryFile)
	return s, files, nil
}

// ReadText reads a file of at most most bytes; nothing of a longer one is lost silently.
func ReadText(file string, most int64) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s has more than %d bytes", file, most)
	}
	return string(text), err
}
