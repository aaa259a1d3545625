package rehearse

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/shlex"
	"k8s.io/kubectl/pkg/cmd"
	"sigs.k8s.io/yaml"

	"doks-security/test/docpages"
	"doks-security/test/rehearse/rehearsetest"
)

// entry accounts for commands: those of its list, and those of a page, or of some of its sections.
type entry struct {
	By       string   `json:"by"`  // package.Test
	Why      string   `json:"why"` // none runs it
	Commands []string `json:"commands"`
	Page     string   `json:"page"`
	Sections []string `json:"sections"`
}

// Every command a reader meets is run by a test, or commands.yaml says why not; its targets and flags exist.
func TestDocumentedCommands(t *testing.T) {
	text, err := os.ReadFile("commands.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Tried   []entry `json:"tried"`
		Untried []entry `json:"untried"`
	}
	if err := yaml.UnmarshalStrict(text, &list); err != nil {
		t.Fatal(err)
	}
	commands, texts := everyCommand(t)
	known := map[string]bool{} // what an entry accounts for
	for _, e := range slices.Concat(list.Tried, list.Untried) {
		if (e.By == "") == (e.Why == "") {
			t.Errorf("%+v: either a test or a reason", e)
		}
		if e.By != "" {
			if err := docpages.TestExists("../..", e.By); err != nil {
				t.Error(err)
			}
		}
		for _, section := range e.Sections {
			lines := docpages.Section(texts[e.Page], section)
			if len(lines) == 0 {
				t.Errorf("%s has no commands in the section %q", e.Page, section)
			}
			for _, line := range lines {
				known[e.Page+": "+line] = true
			}
		}
		for _, c := range commands {
			if len(e.Sections) == 0 && c.Page == e.Page {
				known[c.Page+": "+c.Line] = true
			}
		}
		for _, pattern := range e.Commands {
			matches := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
			used := false
			for _, c := range commands {
				if matches.MatchString(c.Line) {
					known[c.Page+": "+c.Line], used = true, true
				}
			}
			if !used {
				t.Errorf("commands.yaml: no page has %q", pattern)
			}
		}
	}
	for _, c := range commands {
		if !known[c.Page+": "+c.Line] {
			t.Errorf("%s: %s: neither run by a test nor listed in commands.yaml", c.Page, c.Line)
		}
	}
}

func TestDocumentedFlagsExist(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	help := pulumiHelp(t)
	commands, _ := everyCommand(t)
	for _, c := range commands {
		line, _, _ := strings.Cut(c.Line, " | ")
		words, err := shlex.Split(line)
		if err != nil {
			t.Errorf("%s: %s: %v", c.Page, c.Line, err)
			continue
		}
		switch words[0] {
		case "make":
			if !strings.Contains("\n"+string(makefile), "\n"+words[1]+":") {
				t.Errorf("%s: %s: no such target", c.Page, c.Line)
			}
		case "kubectl":
			command, args, err := cmd.NewDefaultKubectlCommand().Find(words[1:])
			if err == nil {
				err = command.ParseFlags(args)
			}
			if err != nil || !command.HasParent() {
				t.Errorf("%s: %s: %v", c.Page, c.Line, err)
			}
		case "pulumi":
			if problem := wrongPulumi(words[1:], help); problem != "" {
				t.Errorf("%s: %s: %s", c.Page, c.Line, problem)
			}
		}
	}
}

func TestWrongFlagsAreFound(t *testing.T) {
	help := pulumiHelp(t)
	for line, faulty := range map[string]bool{
		"up --replace a": false, "config set --path a b": false, "stack rm --force": false, "destroy -t a": false,
		"up --replcae a": true, "config set --replace a": true, "stack vanish": true, "fly": true,
	} {
		if problem := wrongPulumi(strings.Fields(line), help); (problem != "") != faulty {
			t.Errorf("pulumi %s: %q", line, problem)
		}
	}
}

// everyCommand are those of the README and docs/, and the pages' texts.
func everyCommand(t *testing.T) ([]docpages.Command, map[string]string) {
	t.Helper()
	var commands []docpages.Command
	texts := map[string]string{}
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/*/*.md"} {
		files, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no pages %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			page := filepath.ToSlash(strings.TrimPrefix(file, "../../"))
			texts[page] = string(text)
			commands = append(commands, docpages.Commands(page, string(text))...)
		}
	}
	return commands, texts
}

// testExists looks for package.Test among the test files of the package's directory.

// pulumiHelp asks the CLI, once for each command.
func pulumiHelp(t *testing.T) func(words ...string) string {
	t.Helper()
	binary := "pulumi"
	if cli := rehearsetest.Pulumi(t); cli != "" {
		binary = filepath.Join(cli, "bin", "pulumi")
	}
	known := map[string]string{}
	return func(words ...string) string {
		key := strings.Join(words, " ")
		if _, ok := known[key]; !ok {
			command := exec.Command(binary, slices.Concat(words, []string{"--help"})...)
			command.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
			out, err := command.CombinedOutput()
			if err != nil {
				out = nil
			}
			known[key] = string(out)
		}
		return known[key]
	}
}

// wrongPulumi says what a command line of pulumi has that its help does not; empty when nothing.
func wrongPulumi(words []string, help func(words ...string) string) string {
	verb := words[:1]
	text := help(verb...)
	if strings.Contains(text, "Available Commands:") && len(words) > 1 && !strings.HasPrefix(words[1], "-") {
		verb = words[:2]
		text = help(verb...)
	}
	usage := regexp.MustCompile(`(?m)^  pulumi ` + regexp.QuoteMeta(verb[0]) + `( |$)`)
	if !usage.MatchString(text) || len(verb) == 2 && !strings.Contains(text, "pulumi "+verb[0]+" ") ||
		text == help(verb[0]) && len(verb) == 2 {
		return fmt.Sprintf("no command pulumi %s", strings.Join(verb, " "))
	}
	for _, word := range words {
		flag, _, _ := strings.Cut(word, "=")
		if strings.HasPrefix(flag, "-") && !regexp.MustCompile(`(?m)^ +(-[A-Za-z], )?`+regexp.QuoteMeta(flag)+
			`[ ,=\[]`).MatchString(text) {
			return fmt.Sprintf("pulumi %s has no %s", strings.Join(verb, " "), flag)
		}
	}
	return ""
}
