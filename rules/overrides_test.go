package rules

import (
	"strings"
	"testing"

	"doks-security/rules/lint"
)

// The usual ways to tune Falco pass, on every release; a notice is all that may be said of them, of the user's file.
func TestUsualWaysToTune(t *testing.T) {
	ours, err := Files(lint.Stable, someApproved)
	if err != nil {
		t.Fatal(err)
	}
	const own = "- rule: Own\n  desc: d\n  output: o\n  priority: NOTICE\n  condition: evt.type = execve and " +
		"proc.name = a\n" +
		"  exceptions:\n  - {name: images, fields: container.image.repository, values: [b]}\n  - {name: both, fields: " +
		"[proc.name, k8s.ns.name]}\n"
	for _, c := range []struct{ name, lines, notice string }{
		{"a macro of ours replaced", "- macro: virtual_cluster_approved\n  condition: (k8s.ns.name startswith \"vc-\")\n  " +
			"override: {condition: replace}\n", ""},
		{"a macro of ours appended to", "- macro: virtual_cluster_image\n  condition: or container.image.repository " +
			"endswith \"/ours\"\n  override: {condition: append}\n", ""},
		{"a list of ours appended to", "- list: doks_security_api_client_images\n  items: [a/b]\n  override: " +
			"{items: append}\n", ""},
		{"a list of ours replaced", "- list: nested_control_plane_processes\n  items: [kube-apiserver]\n  override: " +
			"{items: replace}\n", ""},
		{"a hook of Falco's replaced, which ours fills",
			"- macro: user_known_contact_k8s_api_server_activities\n  condition: (k8s.ns.name = a)\n  override: " +
				"{condition: replace}\n",
			"user.yaml:1:10: warning: after this change nothing uses the list doks_security_api_client_images of " +
				"10-doks-tuning.yaml"},
		{"a hook of Falco's replaced", "- macro: user_known_system_user_login\n  condition: (proc.name = a)\n  override: " +
			"{condition: replace}\n", ""},
		{"a list of Falco's replaced", "- list: shell_binaries\n  items: [sh]\n  override: {items: replace}\n", ""},
		{"a rule of ours turned off",
			"- rule: Virtual Cluster Image Seen\n  enabled: false\n  override: {enabled: replace}\n", ""},
		{"a rule of Falco's turned off", "- rule: System user interactive\n  enabled: false\n",
			"`enabled` alone is deprecated"},
		{"a priority replaced", "- rule: Terminal shell in container\n  priority: WARNING\n  override: {priority: replace}\n",
			""},
		{"tags appended", "- rule: Terminal shell in container\n  tags: [ours]\n  override: {tags: append}\n", ""},
		{"a condition appended in the old way", "- rule: Terminal shell in container\n  append: true\n  condition: and not " +
			"k8s.ns.name = a\n", "`append` is deprecated"},
		{"items appended in the old way", "- list: shell_binaries\n  append: true\n  items: [fish]\n",
			"`append` is deprecated"},
		{"a macro appended to in the old way", "- macro: container\n  append: true\n  condition: and not k8s.ns.name = a\n",
			"`append` is deprecated"},
		{"a condition replaced", "- rule: System user interactive\n  condition: evt.type = execve and user.name = bin and " +
			"proc.tty != 0\n  override: {condition: replace}\n",
			"user.yaml:1:9: warning: after this change nothing uses the macro"},
		{"an exception added to a rule of Falco's",
			"- rule: Terminal shell in container\n  exceptions:\n  - {name: ours, fields: [k8s.ns.name, proc.name], values: " +
				"[[a, bash]]}\n  override: {exceptions: append}\n", ""},
		{"values added to an exception", own + "- rule: Own\n  exceptions:\n  - {name: images, values: [c]}\n  - {name: " +
			"both, values: [[a, c]]}\n  override: {exceptions: append}\n", ""},
		{"values added in the old way", own + "- rule: Own\n  append: true\n  exceptions:\n  - {name: images, values: [c]}\n",
			"`append` is deprecated"},
		{"exceptions replaced", own + "- rule: Own\n  exceptions:\n  - {name: images, fields: container.image.repository, " +
			"comps: in, values: [c]}\n  override: {exceptions: replace}\n", ""},
		{"a warning accepted", "# lint:accept LOAD_NO_EVTTYPE: it is for one test node\n- rule: Own\n  desc: d\n  output: " +
			"o\n  priority: NOTICE\n  condition: proc.name = a\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := lint.Load(nil, append(behindStock(lint.Stable, nil, ours),
				lint.File{Name: "user.yaml", Text: c.lines})...)
			if blocking := problems.Blocking(); len(blocking) > 0 {
				t.Errorf("%v\n%s", blocking, c.lines)
			}
			for _, p := range problems {
				if p.File != "user.yaml" {
					t.Errorf("blames another file: %v", p)
				}
			}
			if (c.notice == "") != (len(problems) == 0) || !strings.Contains(problems.Error(), c.notice) {
				t.Errorf("notices: %v\nwant: %s", problems, c.notice)
			}
		})
	}
}

// What a change breaks elsewhere is reported where the change is.
func TestBrokenByAChange(t *testing.T) {
	ours, err := Files(lint.Stable, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, lines, message string }{
		{"a list with an item that needs quotes",
			"- list: nested_control_plane_processes\n  items: ['a=b']\n  override: {items: append}\n",
			"user.yaml:2:11: want `)`, not \"=b"},
		{"a macro replaced by one without event types",
			"- macro: spawned_process\n  condition: (proc.name = a)\n  override: {condition: replace}\n",
			"caused by this change of macro spawned_process) [LOAD_NO_EVTTYPE"},
		{"a macro that only rules of Falco use",
			"- macro: open_read\n  condition: (fd.name = /a)\n  override: {condition: replace}\n",
			"user.yaml:1:10: warning: rules of Falco get their event types from this macro"},
		{"a condition appended without a joint",
			"- rule: Virtual Cluster Image Seen\n  condition: k8s.ns.name = a\n  override: {condition: append}\n",
			"user.yaml:2:14: unexpected \"k8s.ns.name\""},
		{"an or that lets every event in", "- rule: Virtual Cluster Image Seen\n  condition: or k8s.ns.name = a\n  " +
			"override: {condition: append}\n",
			"user.yaml:1:9: warning: the rule matches too many event types"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := lint.Load(nil, append(behindStock(lint.Stable, nil, ours),
				lint.File{Name: "user.yaml", Text: c.lines})...)
			if len(problems.Blocking()) == 0 || !strings.Contains(problems.Error(), c.message) {
				t.Errorf("problems: %v\nwant: %s", problems, c.message)
			}
			for _, p := range problems {
				if p.File != "user.yaml" {
					t.Errorf("blames another file: %v", p)
				}
			}
		})
	}
}
