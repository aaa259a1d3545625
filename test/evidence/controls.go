package evidence

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed controls/*.yaml
var files embed.FS

// Framework is a standard with the controls that concern a user of DOKS.
type Framework struct {
	Name     string    `json:"name"`
	Source   string    `json:"source"` // where its publisher has it
	Controls []Control `json:"controls"`
}

// Control is one control, or several that the same answers.
type Control struct {
	ID    string `json:"id"`    // as the framework numbers it
	About string `json:"about"` // what it asks for

	Enforced string   `json:"enforced"` // what of this stack enforces it
	Detected string   `json:"detected"` // what finds that it is not met
	Tests    []string `json:"tests"`    // what proves the two: <package>.<function>

	Left       string `json:"left"`       // what users have to do
	Impossible string `json:"impossible"` // what DOKS does not offer, and why
}

// Frameworks are all of them, in the order of their files' names.
func Frameworks() ([]Framework, error) {
	names, err := fs.Glob(files, "controls/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []Framework
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var f Framework
		if err := yaml.UnmarshalStrict(text, &f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, f)
	}
	return all, nil
}

// check returns what is missing of a control.
func (c Control) check() error {
	var errs []error
	if c.ID == "" || c.About == "" {
		errs = append(errs, errors.New("id and about are required"))
	}
	met := c.Enforced != "" || c.Detected != ""
	if !met && c.Left == "" && c.Impossible == "" {
		errs = append(errs, errors.New("nothing answers it"))
	}
	if !met && len(c.Tests) > 0 {
		errs = append(errs, errors.New("tests prove what is enforced or detected: it has neither"))
	}
	if met && len(c.Tests) == 0 && c.Left == "" {
		errs = append(errs, errors.New("what is enforced or detected, and leaves nothing to users, has a test"))
	}
	return errors.Join(errs...)
}

const head = `# Compliance

Controls of common frameworks: what of this stack enforces each or finds that it is not met, which test proves that, and
what is left to you. It is a map for your own assessment, not a certificate: the stack is one part of what these
frameworks ask for, and your workloads are another. Numbers are the frameworks', the words are ours.

    make evidence STACK=prod

writes one archive for an auditor: this page, the rendered manifests, the Falco rules with the results of their cases,
those of the alerts and the admission policies, the drills, an SBOM and known vulnerabilities, with checksums.
`

// Page is docs/compliance.md.
func Page(all []Framework) string {
	var b strings.Builder
	b.WriteString(head)
	for _, f := range all {
		fmt.Fprintf(&b, "\n## %s\n\nPublished at <%s>.\n\n", f.Name, f.Source)
		b.WriteString("| control | about | enforced | detected | proven by | left to you |\n|---|---|---|---|---|---|\n")
		for _, c := range f.Controls {
			var tests []string
			for _, test := range c.Tests {
				tests = append(tests, "`"+test+"`")
			}
			left := c.Left
			if c.Impossible != "" {
				if left != "" {
					left += "; "
				}
				left += "*not on DOKS:* " + c.Impossible
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n",
				c.ID, c.About, c.Enforced, c.Detected, strings.Join(tests, "<br>"), left)
		}
	}
	return b.String()
}
