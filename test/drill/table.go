package drill

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Status is one word on how a drill ended.
func (r Result) Status() string {
	switch {
	case r.Skipped != "":
		return "skipped"
	case r.Err != nil:
		return "FAILED"
	}
	return "ok"
}

// Failed reports whether a drill did not recover.
func (r Result) Failed() bool { return r.Status() == "FAILED" }

// WriteLine prints a drill in at most 80 columns, and what went wrong below it.
func (r Result) WriteLine(out io.Writer) {
	fmt.Fprintf(out, "%-8s %5.1fs  %s\n", r.Status(), r.Took.Seconds(), r.Drill.Name)
	switch {
	case r.Skipped != "":
		fmt.Fprintln(out, wrap(r.Skipped, 80, "                 "))
	case r.Err != nil:
		fmt.Fprintln(out, wrap(r.Err.Error(), 80, "                 "))
	}
}

// WriteSummary prints the counts.
func WriteSummary(out io.Writer, results []Result, took time.Duration) {
	counts := map[string]int{}
	for _, r := range results {
		counts[r.Status()]++
	}
	fmt.Fprintf(out, "\n%d drills in %s: %d ok", len(results), took.Round(time.Second), counts["ok"])
	for _, status := range []string{"skipped", "FAILED"} {
		if counts[status] > 0 {
			fmt.Fprintf(out, ", %d %s", counts[status], status)
		}
	}
	fmt.Fprintln(out)
}

// wrap breaks a text into lines of at most width columns, each with an indent.
func wrap(text string, width int, indent string) string {
	var lines []string
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > width && line != indent {
			lines = append(lines, line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}
