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
	"text/template"

	"doks-security/stack"
)

// sample is the template of a stack file: a few settings, and every other common one commented.
//
//go:embed sample.yaml
var sample string

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
		return fmt.Errorf("NAME: %q; allowed: lowercase letters, digits and hyphens, a letter first, at most 44; fix: make "+
			"env NAME=qa", environment)
	}
	if profile != string(stack.Dev) && profile != string(stack.Prod) {
		return fmt.Errorf("PROFILE: %q; allowed: dev, prod; fix: make env NAME=%s PROFILE=dev", profile, environment)
	}
	file := filepath.Join(root, "Pulumi."+environment+".yaml")
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		return fmt.Errorf("NAME: %q; allowed: a name without a stack file; fix: choose another, or remove %s", environment,
			filepath.Base(file))
	}
	text, err := render(environment, profile)
	if err != nil {
		return err
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
	_, err = fmt.Fprintf(out, "%s: profile %s; its network is chosen from what is free in the account. Look at it, "+
		"then:\n  pulumi stack init %s\n  pulumi up --stack %s\n",
		filepath.Base(file), profile, environment, environment)
	return err
}

// render is the sample for an environment. Defaults in it are those that the settings declare.
func render(environment, profile string) (string, error) {
	defaults := map[string]string{}
	for _, d := range stack.Declarations() {
		if value, ok := d.Default(profile); ok {
			defaults[d.Path] = value
		}
	}
	parsed, err := template.New("sample.yaml").Funcs(template.FuncMap{"default": func(path string) (string, error) {
		value, ok := defaults[path]
		if !ok {
			return "", fmt.Errorf("%s has no default", path)
		}
		return value, nil
	}}).Parse(sample)
	if err != nil {
		return "", err
	}
	text := &strings.Builder{}
	err = parsed.Execute(text, struct {
		Name, Profile string
		Prod          bool
	}{environment, profile, profile == string(stack.Prod)})
	if err != nil {
		return "", err
	}
	if _, err := parse(environment, []byte(text.String())); err != nil {
		return "", fmt.Errorf("the sample of %s is not valid: %w", profile, err)
	}
	return text.String(), nil
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
