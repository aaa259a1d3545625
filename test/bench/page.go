package bench

import (
	_ "embed"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"doks-security/test/docpages"
)

// head begins docs/performance.md.
//
//go:embed page.md
var head string

// UpdatePage writes docs/performance.md.
func UpdatePage(file string, results []Measure) error {
	table := docpages.Table{Title: "Measured", Columns: []string{"", "elapsed", "CPU", "memory"}}
	for _, m := range results {
		table.Rows = append(table.Rows, docpages.Row{Begin: "| " + m.Name + " |", Shown: m.cells()})
	}
	return docpages.Update(file, func(old string) string {
		return docpages.Fill(strings.Replace(head, "$CORES", strconv.Itoa(runtime.NumCPU()), 1), old, []docpages.Table{table})
	})
}

// cells are empty for what was not measured: the page keeps what it has.
func (m Measure) cells() string {
	if m.Skipped != "" {
		return ""
	}
	return fmt.Sprintf(" %s | %s | %s |\n", seconds(m.Elapsed), seconds(m.CPU), m.memory())
}

// shown is a result for a terminal.
func (m Measure) shown() string {
	if m.Skipped != "" {
		return "not measured: " + m.Skipped
	}
	return strings.TrimSuffix(fmt.Sprintf("%s elapsed, %s CPU, %s", seconds(m.Elapsed), seconds(m.CPU), m.memory()), ", ")
}

func (m Measure) memory() string {
	if m.MemoryMB == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f GB", float64(m.MemoryMB)/1000)
}

// seconds has one decimal below ten.
func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}
