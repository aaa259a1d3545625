package judge

import (
	"errors"
	"regexp"
	"strings"
)

// check resolves every condition and reports what only shows then.
func (s *Ruleset) check(problems *Problems) {
	r := newResolver(s, problems)
	s.resolved = r.macros
	for _, d := range s.definitions {
		switch {
		case d.kind == "list":
			if _, err := r.list(d); err != nil {
				problems.add(d.at, "%v", describeLimit(err, "list"))
			}
		case d.expr != nil:
			r.size = 0
			resolved, err := r.resolve(d)
			if err != nil {
				problems.add(d.at, "%v", describeLimit(err, "condition"))
				continue
			}
			if d.kind == "rule" {
				checkRule(d, resolved, problems)
			}
		}
	}
	for _, d := range s.definitions {
		if !d.used && !d.stock && d.kind != "rule" {
			problems.warn(d.at, "nothing uses the %s %s: is an `override` missing, or its name misspelt?", d.kind, d.name)
		}
	}
}

func describeLimit(err error, what string) error {
	if errors.Is(err, errTooLarge) {
		return errors.New("the " + what + " has more than 50000 parts once its names are resolved")
	}
	return err
}

var outputField = regexp.MustCompile(`%([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+)(?:\[([^\]]*)\])?`)

func checkRule(d *definition, condition Expr, problems *Problems) {
	if events := eventsOf(condition, false); (events.allBut || len(events.names) == 0) && !d.quiet && !d.stock {
		problems.warn(d.at, "the rule has no event type: it would be evaluated on every system call; begin with `evt.type in (...)`")
	}
	for _, match := range outputField.FindAllStringSubmatchIndex(d.output.text, -1) {
		operand := Operand{Name: d.output.text[match[2]:match[3]]}
		if match[4] >= 0 {
			operand.Argument, operand.HasArgument = d.output.text[match[4]:match[5]], true
		}
		// evt.args and the like print without the argument they need in a condition.
		if _, err := field(operand); err != nil && !strings.HasSuffix(err.Error(), "[...]") {
			problems.add(d.output.at[match[0]], "output: %v", err)
		}
	}
}
