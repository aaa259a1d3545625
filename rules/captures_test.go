package rules

import (
	"maps"
	"strings"
	"testing"

	"doks-security/rules/lint"
)

// The generated file loads behind all others, and changes rules of Falco, of this repository and of a user.
func TestCaptures(t *testing.T) {
	files := loaded(t, nil)
	users, problems, err := UserFiles("testdata/user/good", lint.Stable)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	maps.Copy(files, users)
	const own = "- rule: 'Ours: \"quoted\"'\n  desc: d\n  output: o\n  priority: NOTICE\n" +
		"  condition: evt.type = execve and proc.name = a\n"
	files["50-user-99.yaml"] = own
	before, _ := lint.Load(nil, behindStock(lint.Stable, nil, files)...)
	names := []string{"Terminal shell in container", "Virtual Cluster Started Without Approval", `Ours: "quoted"`,
		"Terminal shell in container"}
	captures := Captures(names)
	maps.Copy(files, captures)
	ordered := behindStock(lint.Stable, nil, files)
	last := ordered[len(ordered)-1]
	if last.Text != captures[last.Name] {
		t.Errorf("%s loads behind it", last.Name)
	}
	after, problems := lint.Load(nil, ordered...)
	if len(problems) > 0 {
		t.Error(problems)
	}
	if len(after.Rules()) != len(before.Rules()) {
		t.Errorf("%d rules, before %d", len(after.Rules()), len(before.Rules()))
	}
	if got := strings.Count(last.Text, "capture: true"); got != 3 {
		t.Errorf("%d rules lead to a capture, want 3:\n%s", got, last.Text)
	}
	if none := Captures(nil); len(none) > 0 {
		t.Errorf("without names there is %v", none)
	}
}

// A name that no rule has is an error of Falco: the stack refuses it before.
func TestCapturesOfNoRule(t *testing.T) {
	files := loaded(t, nil)
	maps.Copy(files, Captures([]string{"No such rule"}))
	if _, problems := lint.Load(nil, behindStock(lint.Stable, nil, files)...); len(problems.Blocking()) == 0 {
		t.Error("no problem")
	}
}
