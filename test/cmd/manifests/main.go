// Command manifests renders all that a stack puts into its cluster into files. See package manifests.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"doks-security/test/fakecharts"
	"doks-security/test/manifests"
)

func main() {
	root := flag.String("root", ".", "the project's `directory`")
	name := flag.String("stack", "dev", "the `stack`")
	out := flag.String("out", "", "the `directory` to write")
	applicable := flag.Bool("applicable", false, "write only what a GitOps controller may apply")
	flag.Parse()
	if err := run(*root, *name, *out, *applicable); err != nil {
		fmt.Fprintln(os.Stderr, "manifests:", err)
		os.Exit(1)
	}
}

func run(root, name, out string, applicable bool) error {
	archives, unreachable, err := fakecharts.Find(context.Background(), root)
	if err != nil {
		return err
	}
	if unreachable != nil {
		fmt.Fprintln(os.Stderr, "STAND-IN CHARTS: the published ones cannot be fetched here, so what they render "+
			"is not known:", unreachable)
	}
	s, err := manifests.Write(manifests.Options{
		Root: root, Stack: name, Out: out, Archives: archives, Applicable: applicable,
	})
	if err != nil {
		return err
	}
	for _, note := range s.Notes {
		fmt.Fprintln(os.Stderr, note)
	}
	fmt.Println(out)
	return nil
}
