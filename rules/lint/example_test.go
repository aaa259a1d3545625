package lint_test

import (
	"fmt"

	"doks-security/rules/lint"
)

const shells = `
- rule: Shell In Payment
  desc: A shell starts in a container of the namespace payment.
  condition: spawned_process and container and k8s.ns.name = payment and proc.name in (sh, bash)
  output: Shell in payment | command=%proc.cmdline
  priority: WARNING
`

// Lint a file behind Falco's own rules, of which only the names are known, for all supported releases. Falco 0.44 warns
// of an unknown key, 0.43 ignores it.
func ExampleLoad() {
	broken := shells + "  tags: [shell]\n  color: red\n"
	_, problems := lint.Load(nil, append(lint.StockNames(lint.Stable),
		lint.File{Name: "shells.yaml", Text: broken})...)
	for _, problem := range problems {
		fmt.Println(problem.Position, problem.Name)
	}
	// Output:
	// shells.yaml:8:3 LOAD_UNKNOWN_KEY
	// shells.yaml:8:3 ignored-key
}

// Evaluate rules on an event. What spawned_process and container mean is declared here; Falco's own file has it too.
func ExampleRuleset_Fires() {
	stock := lint.File{Name: "stock.yaml", Stock: true, Text: `
- macro: spawned_process
  condition: (evt.type in (execve, execveat))
- macro: container
  condition: (container.id != host)
`}
	rules, problems := lint.Load(nil, stock, lint.File{Name: "shells.yaml", Text: shells})
	if len(problems) > 0 {
		fmt.Println(problems)
	}
	fired, err := rules.Fires(lint.Event{
		"evt.type": {"execve"}, "container.id": {"5c8f1d2e9b70"}, "k8s.ns.name": {"payment"}, "proc.name": {"bash"},
	})
	fmt.Println(fired, err)
	// Output:
	// [Shell In Payment] <nil>
}
