package lint

import (
	"regexp"
	"strings"
	"testing"
)

// load makes a rule of the condition and loads it behind Falco's names.
func load(condition string) (*Ruleset, Problems) {
	lines := strings.Split(condition, "\n")
	text := "- {list: shells, items: [sh, bash]}\n" +
		"- {list: no_items, items: []}\n" +
		"- {macro: shell_started, condition: 'evt.type in (execve, execveat) and proc.name in (shells, no_items)'}\n" +
		"- rule: Linted\n  desc: d\n  output: o\n  priority: NOTICE\n  condition: |-\n    " +
		strings.Join(lines, "\n    ") + "\n" +
		"- {rule: Keeps the others used, desc: d, output: o, priority: NOTICE, condition: shell_started}\n"
	return Load(nil, append(StockNames(Stable), File{Name: "linted.yaml", Text: text})...)
}

// What the engine says of a condition. An empty message: it loads without a warning. Where the linter refuses what the
// engine takes in silence, the row says so.
func TestConditions(t *testing.T) {
	for _, c := range []struct{ condition, message string }{
		// Grammar.
		{`evt.type = execve`, ``},
		{`evt.type=execve and proc.name=sh`, ``},
		{`evt.type == execve and proc.name != sh`, ``},
		{`(evt.type = execve)`, ``},
		{`evt.type = execve and(proc.name = sh)or(evt.type = open)`, ``},
		{`evt.type = execve and not(proc.name = sh)`, ``},
		{`evt.type = execve and not not proc.name = sh`, ``},
		{"evt.type = execve\nand\tproc.name = sh\n", ``},
		{`evt.type in (execve,execveat)`, ``},
		{`evt.type = execve and proc.name in ( shells , "a b" , 'c' )`, ``},
		{`evt.type = execve and proc.name in ()`, ``},
		{`evt.type = execve and proc.name in shells`, "shells is a list: write `in (shells)`"},
		{`evt.type = execve and proc.name in sh`, ``},
		{`evt.type = execve and proc.pname exists`, ``},
		{`evt.type = execve and proc.args contains "a \"b\" c"`, ``},
		{`evt.type = execve and proc.args contains 'a "b" c'`, ``},
		{`evt.type = execve and proc.duration <= 5000000000`, ``},
		{`evt.type = execve and proc.vpid = 01`, ``},
		{`evt.type = execve and proc.vpid = 0x1`, `proc.vpid: "0x1" is no number: want decimal digits`},
		{`evt.type = execve and proc.aname[2] = sh`, ``},
		{`evt.type = execve and proc.env[HOME] = /root`, ``},
		{`evt.type = execve and container.mount.dest[/var/run/docker.sock] exists`, ``},
		{`evt.type = socket and evt.arg.domain contains AF_PACKET`, ``},
		{`evt.type = socket and evt.arg[domain] contains AF_PACKET`, `by its name follows a dot: evt.arg.domain`},
		{`evt.type = socket and evt.arg[0] contains AF_PACKET`, ``},
		{`evt.type = execve and tolower(proc.name) = sh`, ``},
		{`evt.type = execve and len(proc.args) > 100`, ``},
		{`evt.type = execve and basename(tolower(proc.exepath)) = val(proc.name)`, ``},
		{`evt.type = execve and proc.name = basename(proc.exepath)`, ``},
		{`evt.type = open and fd.name pmatch (/etc, "/var/log")`, ``},
		{`evt.type = open and fd.name glob "/home/*/.ssh/*"`, ``},
		{`evt.type = execve and proc.name regex "k(ube|3s).*"`, ``},
		{`evt.type = connect and fd.snet in ("10.0.0.0/8", "192.168.0.0/16")`, ``},
		{`shell_started`, ``},
		{`spawned_process and container`, ``},
		{`evt.type = container`, ``},
		{`evt.type = execve and`, "9:26: want a blank or `(` after `and`, not \"\""},
		{`evt.type = execve and and proc.name = sh`, `9:31: unexpected "proc.name"`},
		{`evt.type = execve or`, `want a blank or`},
		{`evt.type = execve and (proc.name = sh`, "want `)`, not"},
		{`evt.type = execve and proc.name = sh)`, "unexpected \")\": want `and`, `or` or the end"},
		{`evt.type = execve proc.name = sh`, `unexpected "proc.name"`},
		{`evt.type execve`, `"execve" is no operator`},
		{`evt.type = execve and proc.name like sh`, `"like" is no operator`},
		{`evt.type = execve and proc.name = `, `want a value`},
		{`evt.type = execve and proc.name = "sh`, `want a value`},
		{`evt.type = execve and proc.args contains A=B`, `unexpected "=B"`},
		{`evt.type = execve and proc.vpid > one`, "want a number after `>`"},
		{`evt.type = execve and proc.name in (sh bash)`, "want `)`, not \"bash)\""},
		{`evt.type = execve and proc.name in (sh,)`, `want a value`},
		{`evt.type = execve and proc.aname[ = sh`, `want`},
		{`evt.type = execve andproc.name = sh`, `want a blank or`},
		{`evt.type = execve and startswith(proc.name) = sh`, `unexpected "(proc.name)"`},
		{strings.Repeat("(", 2000) + `evt.type = execve` + strings.Repeat(")", 2000),
			`more than 1000 conditions in each other`},
		// Names.
		{`evt.type = execve and proc.nmae = sh`, `9:27: unknown field proc.nmae`},
		{`evt.type = execve and k8s.namespace.name = a`, `unknown field k8s.namespace.name`},
		{`evt.type = execve and evt.dir = <`, `evt.dir is deprecated`},
		{`evt.type = execve and container_started`, `9:27: unknown macro container_started`},
		{`evt.type = execve and evt.arg exists`, `evt.arg needs an argument`},
		{`evt.type = execve and proc.name[1] = sh`, `proc.name takes no argument`},
		// Falco: a text, silently
		{`evt.type = execve and proc.name in (shels_binaries)`, `no list shels_binaries is defined`},
		{`evt.type = execve and proc.name in ("shels_binaries")`, ``},
		{`evt.type = execve and proc.name = shells`, "shells is a list: write `in (shells)`"},
		{`evt.type = execvee`, `"execvee" is no event type`},
		// Types.
		{`evt.type = execve and proc.vpid = abc`, `proc.vpid: "abc" is no number`},
		{`evt.type = execve and proc.vpid contains 1`, "proc.vpid is a number: `contains` does not compare it"},
		{`evt.type = execve and container.privileged = yes`, `container.privileged: want true or false, not "yes"`},
		{`evt.type = connect and fd.sip = localhost`, `fd.sip: "localhost" is no address`},
		{`evt.type = connect and fd.snet in (10.0.0.0/99)`, `fd.snet: "10.0.0.0/99": "99" is no mask`},
		{`evt.type = execve and proc.name regex "("`, `is no regular expression`},
		{`evt.type = execve and tolower(proc.vpid) = a`, `tolower() takes text`},
		// Only newer engines.
		{`evt.type = execve and container.image.repository endswith oneof (shells)`,
			"`oneof` needs Falco 0.44; write the comparisons out, joined by `or` [Falco 0.43.1]"},
		{`evt.type = execve and proc.args contains anyof (a, b)`, "`anyof` needs Falco 0.44"},
		{`evt.type = execve and concat(proc.name, proc.args) = a`, "`concat()` needs Falco 0.44"},
		// Event types.
		{`proc.name = sh`, `the rule matches too many event types`},
		{`evt.type != execve and proc.name = sh`, `the rule matches too many event types`},
		{`evt.type = execve or proc.name = sh`, `the rule matches too many event types`},
		{`not spawned_process and proc.name = sh`, `the rule matches too many event types`},
		{`not (not evt.type = execve or proc.name = sh)`, ``},
		{`evt.type = execve and evt.type = open`, `the rule matches too many event types`},
		{`container and proc.name = sh`, `the rule matches too many event types`},
	} {
		_, problems := load(c.condition)
		switch {
		case c.message == "" && len(problems) > 0:
			t.Errorf("%s\nproblems: %v\nwant none", c.condition, problems)
		case c.message != "" && !strings.Contains(problems.Error(), c.message):
			t.Errorf("%s\nproblems: %v\nwant: %s", c.condition, problems, c.message)
		}
	}
}

// The canonical form does not depend on spelling, and precedence is as in the engine: `and` binds closer.
func TestCanonical(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{`evt.type = execve and proc.name = "sh"`, `(proc.name=sh) and evt.type == execve`},
		{`evt.type in (execve, execveat)`, `evt.type in ( execveat,"execve" )`},
		{`proc.name = a or proc.name = b and proc.pname = c`, `proc.name = a or (proc.name = b and proc.pname = c)`},
		{`not proc.name = a and proc.pname = b`, `(not proc.name = a) and proc.pname = b`},
		{`not not proc.name = a`, `proc.name = a`},
		{`not(not proc.name = a)`, `proc.name = a`},
		{`not not (not proc.name = a)`, `not proc.name = a`},
	} {
		a, problem := parsePlain(c.a)
		b, problemB := parsePlain(c.b)
		if problem != nil || problemB != nil {
			t.Fatal(problem, problemB)
		}
		if a.String() != b.String() {
			t.Errorf("%s: %s\n%s: %s", c.a, a, c.b, b)
		}
	}
}

// parsePlain parses as the newest release does.
func parsePlain(text string) (Expr, *Problem) {
	var ignored Problems
	return parse(Supported[len(Supported)-1], plainSource(text), &ignored)
}

func plainSource(text string) source {
	s := source{text: text}
	for i := range len(text) + 1 {
		s.at = append(s.at, Position{"condition", 1, i + 1})
	}
	return s
}

// No condition makes the parser panic or hang, and what is printed reads as the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`evt.type in (execve, execveat) and not (proc.name = "a b" or proc.aname[2] startswith 'x')`,
		`tolower(basename(proc.exepath)) = val(proc.name) and fd.name pmatch (/a, /b) or evt.num >= 0x1F`,
		`evt.arg[""] exists and a.b regex "\"(" and x in y`,
		`((((not(not a`, `a and a`, `b or a.b = x and not`, `a.b in (c\) and a.b = "d\ "`,
		`len(concat("a", b.c)) = join(",", (a.b, 1))`, "evt.type = \x00\xff", `a.b in ("\b\f\n\\")`,
		`proc.args contains oneof (a)`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		expr, problem := parsePlain(text)
		if problem != nil {
			if problem.Column < 1 || problem.Column > len(text)+1 {
				t.Errorf("the problem is outside of the condition: %v", problem)
			}
			return
		}
		printed := expr.String()
		if regexp.MustCompile(`\bnot (and|or) `).MatchString(printed) { // a macro called not, moved to the front
			return
		}
		again, problem := parsePlain(printed)
		if problem != nil {
			t.Fatalf("%q is printed as %q: %v", text, printed, problem)
		}
		if again.String() != printed {
			t.Errorf("%q is printed as %q, which is read as %q", text, printed, again)
		}
	})
}
