package upgrade

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"sigs.k8s.io/yaml"

	"doks-security/rehearsal/proof"
)

// noise changes with every version of a chart and says nothing: labels with the version, checksums of other objects.
var noise = []string{"helm.sh/chart:", "app.kubernetes.io/version:", "chart:", "checksum/"}

// compare prints what differs between two renderings: objects, requests and images.
func compare(out io.Writer, before, after []*proof.Object) error {
	old, err := texts(before)
	if err != nil {
		return err
	}
	fresh, err := texts(after)
	if err != nil {
		return err
	}
	same := 0
	for _, name := range slices.Sorted(maps.Keys(union(old, fresh))) {
		was, existed := old[name]
		is, exists := fresh[name]
		switch {
		case !existed:
			fmt.Fprintln(out, "  + ", name)
		case !exists:
			fmt.Fprintln(out, "  - ", name)
		case was == is:
			same++
		default:
			diff, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: difflib.SplitLines(was), B: difflib.SplitLines(is), Context: 2})
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "  ~  %s\n%s", name, indent(diff))
		}
	}
	fmt.Fprintf(out, "  %d objects stay as they are\n", same)
	if before, err = proof.Complete(before); err != nil { // with the pods that operators make
		return err
	}
	if after, err = proof.Complete(after); err != nil {
		return err
	}
	if err := requests(out, before, after); err != nil {
		return err
	}
	return images(out, before, after)
}

// texts are the objects as YAML without the noise, by what they are called.
func texts(objects []*proof.Object) (map[string]string, error) {
	all := map[string]string{}
	for _, o := range objects {
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			return nil, err
		}
		var kept []string
		for _, line := range strings.SplitAfter(string(text), "\n") {
			if !slices.ContainsFunc(noise, func(n string) bool { return strings.HasPrefix(strings.TrimSpace(line), n) }) {
				kept = append(kept, line)
			}
		}
		all[fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())] = strings.Join(kept, "")
	}
	return all, nil
}

func requests(out io.Writer, before, after []*proof.Object) error {
	old, err := proof.Measure(before)
	if err != nil {
		return err
	}
	fresh, err := proof.Measure(after)
	if err != nil {
		return err
	}
	line := func(what string, was, is any) {
		if was != is {
			fmt.Fprintf(out, "  %s: %v -> %v\n", what, was, is)
		}
	}
	line("requests on every node", describe(old.PerNode.MilliCPU, old.PerNode.MiB), describe(fresh.PerNode.MilliCPU, fresh.PerNode.MiB))
	line("requests altogether beside that", describe(old.Shared.MilliCPU, old.Shared.MiB), describe(fresh.Shared.MilliCPU, fresh.Shared.MiB))
	line("volumes", old.Volumes, fresh.Volumes)
	return nil
}

func describe(milliCPU, mib int) string { return fmt.Sprintf("%dm CPU, %d MiB", milliCPU, mib) }

func images(out io.Writer, before, after []*proof.Object) error {
	old, err := proof.ImagesOf(before)
	if err != nil {
		return err
	}
	fresh, err := proof.ImagesOf(after)
	if err != nil {
		return err
	}
	for _, image := range old {
		if !slices.Contains(fresh, image) {
			fmt.Fprintln(out, "  image gone:", image)
		}
	}
	for _, image := range fresh {
		if !slices.Contains(old, image) {
			fmt.Fprintln(out, "  image new: ", image)
		}
	}
	return nil
}

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func indent(text string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n")+"\n", "\n")
	return "     " + strings.Join(lines[:len(lines)-1], "     ")
}
