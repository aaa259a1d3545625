package upgrade

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"doks-security/charts/pods"
	"doks-security/test/chartlint"
	"doks-security/test/prcomment"
)

// noise changes with every version of a chart and says nothing: labels with the version, checksums of other objects.
var noise = append([]string{"checksum/"}, prcomment.VersionLabels...)

// compare prints what differs between two renderings: objects, requests and images.
func compare(out io.Writer, before, after []*chartlint.Object) error {
	old, err := texts(before)
	if err != nil {
		return err
	}
	fresh, err := texts(after)
	if err != nil {
		return err
	}
	changes, same, err := prcomment.Compare(old, fresh)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.Kind == '~' {
			fmt.Fprintf(out, "  ~  %s\n%s", c.Name, indent(c.Diff))
			continue
		}
		fmt.Fprintf(out, "  %c  %s\n", c.Kind, c.Name)
	}
	fmt.Fprintf(out, "  %d objects stay as they are\n", same)
	if before, err = chartlint.Complete(before); err != nil { // with the pods that operators make
		return err
	}
	if after, err = chartlint.Complete(after); err != nil {
		return err
	}
	if err := requests(out, before, after); err != nil {
		return err
	}
	return images(out, before, after)
}

// texts are the objects as YAML without the noise, by what they are called.
func texts(objects []*chartlint.Object) (map[string]string, error) {
	all := map[string]string{}
	for _, o := range objects {
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			return nil, err
		}
		all[fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())] = prcomment.Without(string(text), noise...)
	}
	return all, nil
}

func requests(out io.Writer, before, after []*chartlint.Object) error {
	old, err := pods.Measure(before)
	if err != nil {
		return err
	}
	fresh, err := pods.Measure(after)
	if err != nil {
		return err
	}
	line := func(what string, was, is any) {
		if was != is {
			fmt.Fprintf(out, "  %s: %v -> %v\n", what, was, is)
		}
	}
	line("requests on every node", describe(old.PerNode.MilliCPU, old.PerNode.MiB),
		describe(fresh.PerNode.MilliCPU, fresh.PerNode.MiB))
	line("other requests", describe(old.Shared.MilliCPU, old.Shared.MiB),
		describe(fresh.Shared.MilliCPU, fresh.Shared.MiB))
	line("volumes", old.Volumes(), fresh.Volumes())
	return nil
}

func describe(milliCPU, mib int) string { return fmt.Sprintf("%dm CPU, %d MiB", milliCPU, mib) }

func images(out io.Writer, before, after []*chartlint.Object) error {
	old, err := chartlint.ImagesOf(before)
	if err != nil {
		return err
	}
	fresh, err := chartlint.ImagesOf(after)
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

func indent(text string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n")+"\n", "\n")
	return "     " + strings.Join(lines[:len(lines)-1], "     ")
}
