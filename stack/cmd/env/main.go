// Command env writes the stack file of a new environment, and says what to run next.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"doks-security/stack"
)

//go:embed dev.yaml
var dev string

//go:embed prod.yaml
var prod string

// templates are stack files by profile, with {name} left open.
var templates = map[string]string{string(stack.Dev): dev, string(stack.Prod): prod}

// name is what a stack may be called here: its bucket, doks-security-<name>-loki, must be a DNS label of at most 63.
var name = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,42}[a-z0-9])?$`)

func main() {
	root := flag.String("root", ".", "the project's `directory`")
	environment := flag.String("name", "", "the new environment's `name`")
	profile := flag.String("profile", string(stack.Dev), "dev or prod")
	flag.Parse()
	if err := write(*root, *environment, *profile, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "env:", err)
		os.Exit(1)
	}
}

// write makes Pulumi.<environment>.yaml below root. Nothing is written unless the program would take it.
func write(root, environment, profile string, out io.Writer) error {
	if !name.MatchString(environment) {
		return fmt.Errorf("NAME: %q; allowed: lowercase letters, digits and hyphens, a letter first, at most 44; fix: make env NAME=qa", environment)
	}
	template, ok := templates[profile]
	if !ok {
		return fmt.Errorf("PROFILE: %q; allowed: dev, prod; fix: make env NAME=%s PROFILE=dev", profile, environment)
	}
	file := filepath.Join(root, "Pulumi."+environment+".yaml")
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		return fmt.Errorf("NAME: %q; allowed: a name without a stack file; fix: choose another, or remove %s", environment, filepath.Base(file))
	}
	text := strings.ReplaceAll(template, "{name}", environment)
	if _, err := parse(environment, []byte(text)); err != nil {
		return fmt.Errorf("the template of %s is not valid: %w", profile, err)
	}
	// Never over a file that appeared since.
	created, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := created.WriteString(text); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	if err := created.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: profile %s; its network is chosen from what is free in the account. Look at it, then:\n  pulumi stack init %s\n  pulumi up --stack %s\n",
		filepath.Base(file), profile, environment, environment)
	return err
}

func parse(environment string, text []byte) (stack.Settings, error) {
	file, err := stack.ReadFile("the stack file", text)
	if err != nil {
		return stack.Settings{}, err
	}
	config, _, err := file.Config(nil) // a template has no secrets
	if err != nil {
		return stack.Settings{}, err
	}
	return stack.Parse(environment, stack.OwnKeys(config))
}
