package lint

import (
	"strings"
	"testing"
	"time"
)

const ruleTail = ", desc: d, output: o, priority: NOTICE, condition: "

// What the engine says of files. An empty message: they load without a warning.
func TestFiles(t *testing.T) {
	for _, c := range []struct {
		name    string
		text    string
		message string
	}{
		{"empty", ``, ``},
		{"only a comment", `# nothing`, ``},
		{"engine of Falco 0.42", `- required_engine_version: 0.57.0`, ``},
		{"engine of Falco 0.44", `- required_engine_version: 0.62.0`,
			`engine 0.62.0 is newer than 0.58.0, which Falco 0.43.1 has`},
		{"engine in the old form", `- required_engine_version: 15`, ``},
		{"engine that is no version", `- required_engine_version: newest`, `engine version "newest": want x.y.z`},
		{"aliases", "- {list: a, items: &names [x, &y y]}\n- {list: b, items: *names}\n- {list: c, items: [*y]}\n- {rule: r" +
			ruleTail + "'evt.type = open and proc.name in (a, b, c)'}", ``},
		{"alias of itself", "- {list: a, items: &names [*names]}", `items: want a list of texts`},
		{"plugin", `- required_plugin_versions: [{name: container, version: 0.4.0}]`, ``},
		{"plugin too new", `- required_plugin_versions: [{name: container, version: 0.9.0}]`,
			`container plugin 0.9.0 is newer`},
		{"another plugin", `- required_plugin_versions: [{name: k8smeta, version: 0.1.0}]`,
			`plugin "k8smeta" is not installed`},
		{"no list", `rule: a`, `1:1: want a list of rules, macros and lists`},
		{"not YAML", "- rule: [\n", `not YAML`},
		{"unknown kind", `- {rules: a}`, `1:3: warning: want one of required_engine_version`},
		{"no name", `- {rule: ""` + ruleTail + `evt.type = open}`, `rule is empty`},
		{"unknown key", `- {rule: a, descr: x` + ruleTail + `evt.type = open}`, `warning: unknown key descr`},
		{"a key twice", "- rule: a\n  desc: d\n  desc: e\n  output: o\n  priority: NOTICE\n  condition: evt.type = open\n",
			`3:3: warning: desc is given twice: Falco takes the first`},
		{"no output", `- {rule: a, desc: d, priority: NOTICE, condition: evt.type = open}`, `the rule has no output`},
		{"priority", `- {rule: a, desc: d, output: o, priority: HIGH, condition: evt.type = open}`,
			`priority: want one of EMERGENCY`},
		{"priority in lower case", `- {rule: a, desc: d, output: o, priority: notice, condition: evt.type = open}`, ``},
		{"output field", `- {rule: a, desc: d, output: "x=%proc.nmae", priority: NOTICE, condition: evt.type = open}`,
			`1:33: output: unknown field proc.nmae`},
		{"output ancestor",
			`- {rule: a, desc: d, output: "x=%proc.aname[2] %evt.args", priority: NOTICE, condition: evt.type = open}`, ``},
		{"source", `- {rule: a, source: k8s_audit` + ruleTail + `evt.type = open}`, `source "k8s_audit": no plugin`},
		{"enabled only", `- {rule: Terminal shell in container, enabled: false}`, "`enabled` alone is deprecated"},
		{"enabled of an unknown rule", `- {rule: Terminal Shell, enabled: false}`,
			`no rule "Terminal Shell" is loaded before`},
		{"warn_evttypes off", `- {rule: a, warn_evttypes: false` + ruleTail + `proc.name = sh}`, ``},

		{"list override", `- {list: shell_binaries, items: [fish], override: {items: append}}`, ``},
		{"list override without a list", `- {list: shel_binaries, items: [fish], override: {items: append}}`,
			`1:10: no list "shel_binaries" is loaded before: nothing to override`},
		{"list redefined", `- {list: shell_binaries, items: [fish]}`,
			`warning: this list replaces the one of falco_rules.yaml`},
		{"unused list", `- {list: own, items: [fish]}`, `warning: nothing uses the list own`},
		{"unused macro", `- {macro: own, condition: proc.name = a}`, `warning: nothing uses the macro own`},
		{"deprecated append", `- {list: shell_binaries, items: [fish], append: true}`, "`append` is deprecated"},
		{"override without its key", `- {list: shell_binaries, items: [fish], override: {condition: append}}`,
			`condition of a list cannot be overridden`},
		{"override of what is not given",
			`- {rule: Terminal shell in container, tags: [a], override: {tags: append, output: append}}`,
			`override of output, which is not given`},
		{"key without override",
			`- {rule: Terminal shell in container, tags: [a], priority: NOTICE, override: {tags: append}}`,
			"priority is given without an entry under `override`"},
		{"append to a priority", `- {rule: Terminal shell in container, priority: NOTICE, override: {priority: append}}`,
			`priority cannot be appended to: want replace`},
		{"condition appended",
			`- {rule: Terminal shell in container, condition: and not proc.name = fish, override: {condition: append}}`, ``},
		{"condition appended without a joint",
			`- {rule: Terminal shell in container, condition: not proc.name = fish, override: {condition: append}}`,
			`1:50: unexpected "not"`},
		{"macro replaced",
			`- {macro: user_known_stand_streams_redirect_activities, condition: proc.name = a, override: {condition: replace}}`,
			``},

		{"macro before its use", "- {macro: a, condition: proc.name = a}\n- {macro: b, condition: a}\n- {rule: r" + ruleTail +
			"evt.type = open and b}", ``},
		{"macro after its use", "- {macro: b, condition: a}\n- {macro: a, condition: proc.name = a}\n- {rule: r" + ruleTail +
			"evt.type = open and b}", `1:25: macro a is defined after its use`},
		{"macro after a rule", "- {rule: r" + ruleTail +
			"evt.type = open and a}\n- {macro: a, condition: proc.name = a}", ``},
		{"macro in itself", "- {macro: a, condition: proc.name = a or a}\n- {rule: r" + ruleTail + "evt.type = open and a}",
			`the macro a contains itself`},
		{"list in a list", "- {list: a, items: [x]}\n- {list: b, items: [a, y]}\n- {rule: r" + ruleTail +
			"evt.type = open and proc.name in (b)}", ``},
		{"list in a list in a list", "- {list: a, items: [x]}\n- {list: b, items: [a]}\n- {list: c, items: [b]}\n- {rule: r" +
			ruleTail + "evt.type = open and proc.name in (c)}", `a list in a list in a list`},
		{"list in itself", "- {list: a_a, items: [x]}\n- {list: b_b, items: [a_a]}\n- {list: a_a, items: [b_b], override: " +
			"{items: append}}\n- {rule: r" + ruleTail + "evt.type = open and proc.name in (a_a)}",
			`Falco takes the name of the list a_a for a string`},
		{"unknown list in a list", "- {list: a, items: [shel_binaries]}\n- {rule: r" + ruleTail +
			"evt.type = open and proc.name in (a)}", `1:21: warning: no list shel_binaries is defined before`},
		{"quoted text in a list", "- {list: a, items: ['shel_binaries']}\n- {rule: r" + ruleTail +
			"evt.type = open and proc.name in (a)}", ``},
		{"rule shadowed", "- {rule: r" + ruleTail + "evt.type = open}\n- {rule: r" + ruleTail + "evt.type = close}",
			`2:10: warning: this rule replaces the one of rules.yaml:1:10`},

		{"exception", `- {rule: r, exceptions: [{name: e, fields: [proc.name, fd.name], comps: [=, startswith], values: ` +
			`[[a, /b]]}]` + ruleTail + `evt.type = open}`, ``},
		{"exception of one field", `- {rule: r, exceptions: [{name: e, fields: proc.name, values: [a, b]}]` + ruleTail +
			`evt.type = open}`, ``},
		{"exception with an unknown field",
			`- {rule: r, exceptions: [{name: e, fields: [proc.nmae], comps: [=], values: [[a]]}]` + ruleTail +
				`evt.type = open}`, `unknown field proc.nmae`},
		{"exception with a short row",
			`- {rule: r, exceptions: [{name: e, fields: [proc.name, fd.name], comps: [=, =], values: [[a]]}]` + ruleTail +
				`evt.type = open}`, `2 fields and a row of 1 values`},
		{"exception without an operator",
			`- {rule: r, exceptions: [{name: e, fields: [proc.name], comps: [is], values: [[a]]}]` + ruleTail +
				`evt.type = open}`, `"is" is no operator`},

		{"doubling macros", doubling(40), `has more than 50000 parts`},
		{"doubling lists", doublingLists(40), `a list in a list in a list`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := Load(nil, append(StockNames(Stable), File{Name: "rules.yaml", Text: c.text})...)
			switch {
			case c.name == "not YAML":
				if len(problems) != 1 || problems[0].Line == 0 {
					t.Errorf("problems: %v", problems)
				}
			case c.message == "" && len(problems) > 0:
				t.Errorf("problems: %v\nwant none", problems)
			case c.message != "" && !strings.Contains(problems.Error(), c.message):
				t.Errorf("problems: %v\nwant: %s", problems, c.message)
			}
		})
	}
}

// doubling writes macros of which each says the one before twice.
func doubling(times int) string {
	text := "- {macro: m0, condition: proc.name = a}\n"
	for i := range times {
		text += strings.NewReplacer("N", number(i+1), "P", number(i)).Replace("- {macro: mN, condition: mP or mP}\n")
	}
	return text + "- {rule: r" + ruleTail + "evt.type = open and m" + number(times) + "}\n"
}

func doublingLists(times int) string {
	text := "- {list: l0, items: [a]}\n"
	for i := range times {
		text += strings.NewReplacer("N", number(i+1), "P", number(i)).Replace("- {list: lN, items: [lP, lP]}\n")
	}
	return text + "- {rule: r" + ruleTail + "evt.type = open and proc.name in (l" + number(times) + ")}\n"
}

func number(i int) string { return string(rune('a'+i/26)) + string(rune('a'+i%26)) }

// Places are found again in every style YAML can write a condition in.
func TestPlaces(t *testing.T) {
	head := "- rule: r\n  desc: d\n  output: o\n  priority: NOTICE\n"
	for _, c := range []struct{ name, condition, place string }{
		{"plain", "  condition: evt.type = open and proc.nmae = a\n", ":5:34:"},
		{"plain on two lines", "  condition: evt.type = open\n    and proc.nmae = a\n", ":6:9:"},
		{"folded", "  condition: >\n    evt.type = open\n\n    and (proc.name = a\n      or proc.nmae = a)\n", ":9:10:"},
		{"folded and stripped", "  condition: >-\n    evt.type = open\n    and proc.nmae = a\n", ":7:9:"},
		{"literal", "  condition: |\n    evt.type = open\n    and proc.nmae = a\n", ":7:9:"},
		{"single quotes", "  condition: 'evt.type = open and proc.args = ''a'' and proc.nmae = a'\n", ":5:57:"},
		{"double quotes", "  condition: \"evt.type = open and proc.args = \\\"a\\\" and proc.nmae = a\"\n", ":5:57:"},
		{"other characters", "  condition: evt.type = open and proc.args = ééé and proc.nmae = a\n", ":5:54:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := Load(nil, File{Name: "rules.yaml", Text: head + c.condition})
			if len(problems) != 1 || !strings.Contains(problems[0].String(), "rules.yaml"+c.place+" unknown field proc.nmae") {
				t.Errorf("problems: %v\nwant one at %s", problems, c.place)
			}
		})
	}
}

// A redefinition keeps the place of the first: earlier users see it. What is appended is joined by a space.
func TestResolution(t *testing.T) {
	set, problems := Load(nil,
		File{Name: "a.yaml", Stock: true,
			Text: "- {list: names, items: [a]}\n- {macro: never_true, condition: evt.num = 0}\n" +
				"- {macro: hook, condition: never_true}\n- {rule: r" + ruleTail +
				"evt.type = open and proc.name in (names) and not hook}\n- {rule: other" + ruleTail +
				"evt.type = open and never_true}"},
		File{Name: "b.yaml", Text: "- {list: names, items: [b], override: {items: append}}\n" +
			"- {list: images, items: [x]}\n" +
			"- {macro: hook, condition: container.image.repository in (images), override: {condition: replace}}\n" +
			"- {macro: hook, condition: or proc.name = y, override: {condition: append}}\n"},
	)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got := set.resolved[set.find("rule", "r")].String()
	want := `(evt.type = "open" and not (container.image.repository in ("x") or proc.name = "y") and proc.name in ` +
		`("a", "b"))`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// No rule file makes the linter panic or hang.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"- {rule: r" + ruleTail + "evt.type = open and proc.name in (l)}\n- {list: l, items: [a, 'b']}\n",
		"- rule: r\n  condition: >\n    evt.type = open\n    and m\n  output: \"%evt.type\"\n  desc: d\n  priority: INFO\n",
		"- {macro: m, condition: m, override: {condition: append}}\n- &a [*a]\n---\n- {list: m, items: [m]}\n",
		"- {rule: r, exceptions: [{name: e, fields: proc.name, values: [a]}]" + ruleTail + "spawned_process}\n",
		"- required_engine_version: 0.57.0\n- required_plugin_versions: [{name: container, version: 0.4.0}]\n",
		doubling(20),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		defer func() {
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		}()
		set, problems := Load(nil, append(StockNames(Stable), File{Name: "fuzz.yaml", Text: text})...)
		lines := len(lineBreak.Split(text, -1))
		for _, p := range problems {
			if p.File != "fuzz.yaml" || p.Line > lines+1 {
				t.Errorf("the problem is outside of the file: %v", p)
			}
		}
		if _, err := set.Fires(Event{"evt.type": {"open"}, "proc.name": {"a"}}); err != nil &&
			!strings.Contains(err.Error(), "not known") {
			t.Error(err)
		}
	})
}
