package drift

import (
	"fmt"
	"io"
	"strings"
)

// width is that of the narrowest terminal to read a report on.
const width = 80

// Print writes the report for people, at most 80 columns wide but for names longer than that, with the commands that
// put each release back.
func (r *Report) Print(out io.Writer) {
	if len(r.Findings) == 0 {
		fmt.Fprintf(out, "no object of a release differs from what Helm rendered (%d releases, %d objects)\n",
			r.Releases, r.Objects)
		return
	}
	fmt.Fprintf(out, "%d differences from what Helm rendered (%d releases, %d objects)\n", len(r.Findings),
		r.Releases, r.Objects)
	for i, f := range r.Findings {
		first := i == 0 || !f.sameRelease(r.Findings[i-1])
		if first {
			fmt.Fprintf(out, "\nrelease %s, namespace %s, revision %d\n", f.Release, f.Namespace, f.Revision)
		}
		if f.Kind != "" && (first || f.Kind != r.Findings[i-1].Kind || f.Object != r.Findings[i-1].Object) {
			fmt.Fprintf(out, "  %s %s\n", f.Kind, f.Object)
		}
		f.print(out)
		if i == len(r.Findings)-1 || !f.sameRelease(r.Findings[i+1]) {
			r.printRepair(out, f)
		}
	}
}

func (f Finding) sameRelease(other Finding) bool {
	return f.Release == other.Release && f.Namespace == other.Namespace
}

func (f Finding) print(out io.Writer) {
	if f.Path == "" {
		fmt.Fprintln(out, "    is missing")
		return
	}
	fmt.Fprintf(out, "    %s\n", f.Path)
	for _, v := range []struct{ name, value string }{{"rendered", f.Rendered}, {"live", f.Live}} {
		if v.value == "" {
			v.value = "(none)"
		}
		fmt.Fprintln(out, shorten(fmt.Sprintf("      %-8s  %s", v.name, v.value)))
	}
}

// printRepair names the commands that put the release of f back.
func (r *Report) printRepair(out io.Writer, last Finding) {
	rollback, edits, named := false, []string{}, map[string]bool{}
	for _, f := range r.Findings {
		if !f.sameRelease(last) {
			continue
		}
		if f.Kind == "" {
			fmt.Fprintf(out, "  it was not compared; see its history:\n    helm --namespace %s history %s\n",
				f.Namespace, f.Release)
			return
		}
		rollback = rollback || f.Restorable
		if !f.Restorable && !named[f.Kind+f.Object] {
			named[f.Kind+f.Object] = true
			edits = append(edits, f.edit())
		}
	}
	if rollback {
		fmt.Fprintf(out, "  to restore it:\n    helm --namespace %s rollback %s %d\n", last.Namespace, last.Release,
			last.Revision)
	}
	if len(edits) > 0 {
		fmt.Fprintln(out, "  Helm does not restore these; restore them by hand:")
		for _, line := range edits {
			fmt.Fprintf(out, "    %s\n", line)
		}
	}
}

// edit is the command that opens the object.
func (f Finding) edit() string {
	kind := strings.ToLower(f.Kind)
	if namespace, name, ok := strings.Cut(f.Object, "/"); ok {
		return fmt.Sprintf("kubectl --namespace %s edit %s %s", namespace, kind, name)
	}
	return fmt.Sprintf("kubectl edit %s %s", kind, f.Object)
}

func shorten(line string) string {
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width-3]) + "..."
	}
	return line
}
