package audit

import (
	"fmt"
	"io"
)

// Print writes a table of 80 columns: an object and its price a month in US dollars, and below it why it belongs to no
// stack.
func (r *Result) Print(out io.Writer) {
	total := 0.0
	if len(r.Findings) > 0 {
		fmt.Fprintf(out, "%-14s %-54s %10s\n", "kind", "name", "USD/month")
	}
	for _, f := range r.Findings {
		total += f.USD
		fmt.Fprintf(out, "%-14s %-54s %10.2f\n", f.Kind, cut(f.Name, 54), f.USD)
		for _, line := range wrap(f.Why, 78) {
			fmt.Fprintf(out, "  %s\n", line)
		}
	}
	fmt.Fprintf(out, "%-69s %10.2f\n", fmt.Sprintf("%d objects belong to no stack of this program",
		len(r.Findings)), total)
	for _, n := range r.Notes {
		for i, line := range wrap(n, 74) {
			fmt.Fprintf(out, "%-5s %s\n", []string{"note:", ""}[min(i, 1)], line)
		}
	}
}

func cut(text string, width int) string {
	if len(text) <= width {
		return text
	}
	return text[:width-3] + "..."
}

// wrap breaks a text between words.
func wrap(text string, width int) []string {
	var lines []string
	for len(text) > width {
		at := width
		for at > 0 && text[at] != ' ' {
			at--
		}
		if at == 0 {
			break // one long word
		}
		lines = append(lines, text[:at])
		text = text[at+1:]
	}
	return append(lines, text)
}
