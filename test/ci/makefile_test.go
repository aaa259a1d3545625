package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A wrong argument is an error with what is allowed, before anything is compiled.
func TestMakeRefusesBeforeItCompiles(t *testing.T) {
	bin := t.TempDir()
	write(t, filepath.Join(bin, "go"), "#!/bin/sh\ntest \"$1\" != env || exit 0\necho compiled >&2\nexit 9\n")
	if err := os.Chmod(filepath.Join(bin, "go"), 0o755); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "Makefile"), string(makefile))
	write(t, filepath.Join(dir, "Pulumi.dev.yaml"), "")
	for _, name := range []string{"values/falco/chart.yaml", "values/falco/chart-8.yaml", "addons/velero/chart.yaml",
		"examples/addons/external-dns/chart.yaml"} {
		write(t, filepath.Join(dir, name), "")
	}
	for _, c := range []struct{ arguments, want string }{
		{"rehearse STACK=nope", "STACK=nope: there is no file Pulumi.nope.yaml; allowed: dev; fix: make env"},
		{"rehearse STACK=", "STACK=: there is no file Pulumi..yaml; allowed: dev;"},
		{"rehearse ADDONS=nope", "ADDONS=nope: allowed: external-dns, or several of them"},
		{"manifests STACK=nope", "STACK=nope: there is no file Pulumi.nope.yaml"},
		{"preview STACK=nope", "STACK=nope: there is no file Pulumi.nope.yaml"},
		{"preview-comment STACK=nope", "STACK=nope: there is no file Pulumi.nope.yaml"},
		{"drift STACK=nope", "STACK=nope: there is no file Pulumi.nope.yaml"},
		{"detect STACK=nope", "STACK=nope: there is no file Pulumi.nope.yaml"},
		{"preview", "pulumi is not on PATH; fix: install it"},
		{"drift", "pulumi is not on PATH"},
		{"detect", "pulumi is not on PATH"},
		{"drill NAME=nope", "NAME=nope: allowed: those of docs/drills.md, and patterns of them"},
		{"settings-table NAME=nope", "NAME=nope: allowed: those of docs/changing-settings.md"},
		{"env", "NAME=: allowed: the name of a stack; fix: make env NAME=qa"},
		{"upgrade", "CHART=: allowed: falco falco-8 velero; fix: make upgrade CHART="},
		{"upgrade CHART=nope", "CHART=nope: allowed: falco falco-8 velero;"},
		{"upgrade CHART=velero/chart", "CHART=velero/chart: allowed: falco"},
		{"preview-rehearsed", "AT=: allowed: the file that make rehearse KEEP=1 names"},
		{"preview-rehearsed AT=nope", "AT=nope: allowed"},
	} {
		t.Run(c.arguments, func(t *testing.T) {
			command := exec.Command("make", strings.Fields(c.arguments)...)
			command.Dir, command.Env = dir, []string{"PATH=" + bin} // without Pulumi
			out, err := command.CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.want) || strings.Contains(string(out), "compiled") {
				t.Errorf("error %v, want %q:\n%s", err, c.want, out)
			}
		})
	}
}
