// Command comment writes the comment of a pull request on one stack. See package prcomment.
package main

import (
	"flag"
	"fmt"
	"os"

	"doks-security/test/prcomment"
)

// mostBytes is how much of Pulumi's output is read.
const mostBytes = 16 << 20

func main() {
	in := prcomment.Input{}
	flag.StringVar(&in.Stack, "stack", "dev", "the `stack`")
	flag.StringVar(&in.Before, "base", "", "`directory` of the base branch's manifests")
	flag.StringVar(&in.After, "head", "", "`directory` of the change's manifests")
	flag.StringVar(&in.Whole, "whole", "", "`place` where all of it can be read")
	pulumi := flag.String("pulumi", "", "`file` with what pulumi preview --diff printed; empty: it did not run")
	flag.Parse()
	if err := run(in, *pulumi); err != nil {
		fmt.Fprintln(os.Stderr, "comment:", err)
		os.Exit(1)
	}
}

func run(in prcomment.Input, pulumi string) error {
	if pulumi != "" {
		var err error
		if in.Pulumi, err = prcomment.ReadText(pulumi, mostBytes); err != nil {
			return err
		}
	}
	text, err := prcomment.Comment(in)
	if err != nil {
		return err
	}
	_, err = fmt.Print(text)
	return err
}
