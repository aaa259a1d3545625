package lint

import (
	"slices"
	"strings"
	"testing"
)

// The engine's verdict on a check, by the values of the event: an absent field makes every comparison false.
func TestChecks(t *testing.T) {
	event := Event{
		"evt.type": {"execve"}, "evt.num": {"7"}, "proc.name": {"kube-apiserver"}, "proc.args": {"--a=b c"},
		"evt.buffer":   {"--a=b c"},
		"proc.exepath": {"/usr/bin/Kube-Apiserver"}, "proc.vpid": {"1"}, "proc.aname": {"sh", "containerd-shim"},
		"proc.aname[2]": {"containerd-shim"}, "container.privileged": {"true"}, "fd.name": {"/etc/ssl/key.pem"},
		"fd.sip": {"10.1.2.3"}, "fd.snet": {"10.1.2.3"}, "fd.types": {"ipv4", "file"}, "user.name": {""},
		"user.shell": {"aGVsbG8="},
	}
	for _, c := range []struct {
		check string
		want  bool
	}{
		{`proc.name = kube-apiserver`, true}, {`proc.name = kube`, false}, {`proc.name != kube`, true},
		{`proc.pname = sh`, false}, {`proc.pname != sh`, false}, {`not proc.pname = sh`, true},
		{`not proc.pname != sh`, true},
		{`proc.pname exists`, false}, {`proc.name exists`, true}, {`user.name exists`, true}, {`user.name = ""`, true},
		{`proc.pname in (sh)`, false}, {`proc.pname contains ""`, false}, {`proc.name contains ""`, true},
		{`proc.name in (a, kube-apiserver)`, true}, {`proc.name in (a, b)`, false}, {`proc.name in ()`, false},
		{`proc.name intersects (kube-apiserver)`, true},
		{`proc.args contains "=b c"`, true}, {`proc.args contains "=B"`, false}, {`proc.args icontains "=B"`, true},
		{`evt.buffer bcontains 3d62`, true}, {`evt.buffer bstartswith 2d2d61`, true}, {`evt.buffer bstartswith 3d62`, false},
		{`proc.args startswith "--a"`, true}, {`proc.args startswith a`, false}, {`proc.exepath endswith server`, true},
		{`proc.exepath endswith "/kube"`, false},
		{`fd.name glob "/etc/*.pem"`, true}, {`fd.name glob "/etc/?.pem"`, false},
		{`fd.name glob "/etc/ssl/[a-k]ey.pem"`, true},
		{`fd.name glob "*ssl*"`, true}, {`fd.name glob "ssl"`, false}, {`proc.exepath iglob "*/kube-*"`, true},
		{`proc.exepath glob "*/kube-*"`, false},
		{`fd.name regex "/etc/.*pem"`, true}, {`fd.name regex "etc[a-z]"`, false}, {`fd.name regex "/etc/[^x]*"`, true},
		{`fd.name pmatch (/)`, true},
		{`fd.name pmatch (//etc/)`, true}, {`fd.name pmatch ("/etc/[!a]s*")`, true}, {`fd.name pmatch ("/[-]")`, false},
		{`fd.name pmatch (/etc)`, true}, {`fd.name pmatch (/etc/ss)`, false}, {`fd.name pmatch (/var, "/etc/*")`, true},
		{`proc.vpid = 1`, true}, {`proc.vpid = 01`, true}, {`proc.vpid < 2`, true}, {`proc.vpid >= 2`, false},
		{`evt.num > 10`, false},
		{`evt.num <= 7`, true}, {`container.privileged = true`, true}, {`container.privileged = false`, false},
		{`proc.aname = containerd-shim`, true}, {`proc.aname in (containerd-shim)`, true}, {`proc.aname = init`, false},
		{`proc.aname[2] = containerd-shim`, true}, {`proc.aname[3] = sh`, false},
		{`fd.types in (ipv4)`, false}, {`fd.types in (ipv4, file, pipe)`, true}, {`fd.types intersects (ipv4)`, true},
		{`fd.sip = 10.1.2.3`, true}, {`fd.snet in ("10.0.0.0/8")`, true}, {`fd.snet = "192.168.0.0/16"`, false},
		{`tolower(proc.exepath) = /usr/bin/kube-apiserver`, true}, {`toupper(proc.name) = kube`, false},
		{`basename(tolower(proc.exepath)) = val(proc.name)`, true}, {`proc.name = basename(proc.exepath)`, false},
		{`len(proc.name) = 14`, true}, {`proc.name = val(proc.pname)`, false}, {`b64(proc.name) exists`, false},
		{`b64(user.shell) = hello`, true}, {`b64(user.shell) exists`, true},
		{`proc.name = a or proc.name = b and evt.num = 7`, false}, {`evt.num = 7 or proc.name = b and proc.name = a`, true},
	} {
		set, problems := Load(nil, File{Name: "rules.yaml",
			Text: "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  warn_evttypes: false\n  condition: |-\n    " +
				c.check})
		if strings.Contains(c.check, "pmatch (/)") { // warned of
			problems = slices.DeleteFunc(problems, func(p Problem) bool { return p.Name == alwaysMatches })
		}
		if len(problems) > 0 {
			t.Errorf("%s: %v", c.check, problems)
			continue
		}
		fired, err := set.Fires(event)
		if err != nil || slices.Contains(fired, "r") != c.want {
			t.Errorf("%s: fires %v (%v), want %v", c.check, fired, err, c.want)
		}
	}
}

// Fires says what it would have to know, and only then.
func TestUnknownMeaning(t *testing.T) {
	set, problems := Load(nil, append(StockNames(Stable),
		File{Name: "rules.yaml", Text: "- {rule: r" + ruleTail + "spawned_process and shell_procs and proc.tty = 1}"})...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if fired, err := set.Fires(Event{"evt.type": {"open"}}); err != nil || len(fired) > 0 {
		t.Errorf("spawned_process is no open: %v, %v", fired, err)
	}
	if _, err := set.Fires(Event{"evt.type": {"execve"}}); err == nil ||
		!strings.Contains(err.Error(), "spawned_process") {
		t.Errorf("want an error that names spawned_process: %v", err)
	}
}

func TestDisabledRulesDoNotFire(t *testing.T) {
	set, problems := Load(nil, File{Name: "rules.yaml", Text: "- {rule: r" + ruleTail +
		"evt.type = open}\n- {rule: r, enabled: false, override: {enabled: replace}}"})
	if fired, err := set.Fires(Event{"evt.type": {"open"}}); err != nil || len(fired) > 0 || len(problems) > 0 {
		t.Errorf("fires %v (%v, %v)", fired, err, problems)
	}
}

func TestReadCases(t *testing.T) {
	for _, c := range []struct{ name, text, message string }{
		{"good", "cases: [{name: a, event: {evt.type: open, 'proc.aname[2]': sh}, fires: []}]", ""},
		{"unknown key", "cases: [{name: a, fire: []}]", "unknown key fire"},
		{"unknown section", "case: []", "field case not found"},
		{"no name", "cases: [{fires: []}]", "a case has a `name`"},
		{"no fires", "cases: [{name: a}]", "what it `fires`"},
		{"twice", "cases: [{name: a, fires: []}, {name: a, fires: []}]", `a second case "a"`},
		{"unknown given", "cases: [{name: a, given: b, fires: []}]", `no event "b" is given`},
		{"unknown field", "cases: [{name: a, event: {proc.nmae: b}, fires: []}]", "unknown field proc.nmae"},
	} {
		_, err := ReadCases("a.cases.yaml", []byte(c.text))
		if (c.message == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.message)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.message)
		}
	}
}

func TestRunCases(t *testing.T) {
	set, _ := Load(nil, File{Name: "rules.yaml", Text: "- {rule: r" + ruleTail + "evt.type = open}\n- {rule: s" +
		ruleTail + "evt.type = open and proc.name = a}"})
	cases, err := ReadCases("a.cases.yaml", []byte(`given: {open: {evt.type: open, proc.name: a}}
cases:
- {name: both, given: open, fires: [s, r]}
- {name: one is taken away, given: open, event: {proc.name: null}, fires: [r]}
- {name: wrong, given: open, fires: [s]}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := `a.cases.yaml:5:1: case "wrong": fires r and s, want s`
	if got := cases.Run(set).Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if problems := cases.RunOnly(set, []string{"s"}); len(problems) != 2 {
		t.Errorf("with s only, the cases that want r differ: %v", problems)
	}
}
