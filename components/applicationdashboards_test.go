package components

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"doks-security/values"
)

// The container's script with a sidecar that copies what is in a directory for each namespace, and fails without one:
// three rounds, between which the directories change.
func TestApplicationDashboardsAreWritten(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("bin/python", "#!/bin/sh\ntest -d \"$ROOT/of/$NAMESPACE\" || exit 1\n"+
		"cp -R \"$ROOT/of/$NAMESPACE/.\" \"$FOLDER\"\n")
	write("bin/sleep", "#!/bin/sh\ntest \"$1\" = 60 && sh \"$ROOT/round\" || kill $PPID\n")
	write("round", "rm \"$ROOT/round\"; echo '{\"uid\":\"team-b\"}' >\"$ROOT/of/team/b.json\"\n"+
		"rm -r \"$ROOT/of/shop/gone.json\"; echo changed >\"$ROOT/of/shop/web.json\"\n"+
		"echo 'rm \"$ROOT/round\"; rm -r \"$ROOT/of/shop\"; rm \"$ROOT\"/of/team/*' >\"$ROOT/round\"\n")
	write("of/shop/web.json", "first")
	write("of/shop/gone.json", "gone")
	write("of/team/a.json", "a")
	var containers []struct {
		Command []string
		Env     []struct{ Name, Value string }
	}
	loaded, err := values.Load("kube-prometheus-stack", "dev", values.DefaultNamespaces(), "applications")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := values.At(loaded, "grafana", "extraContainers").(string)
	text = strings.Replace(text, "{{ toJson .Values.sidecar.resources }}", "{}", 1)
	if err := yaml.Unmarshal([]byte(text), &containers); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("sh", "-c", strings.ReplaceAll(containers[0].Command[2], "/dashboards", root+"/dashboards"))
	command.Env = []string{"PATH=" + root + "/bin:" + os.Getenv("PATH"), "ROOT=" + root, "NAMESPACES=none shop team"}
	out, err := command.CombinedOutput()
	if command.ProcessState.Exited() { // the last sleep ends it with a signal
		t.Fatalf("it ended by itself: %v\n%s", err, out)
	}
	got := map[string]string{}
	if _, err := os.Stat(filepath.Join(root, "dashboards/none")); err == nil {
		t.Error("a namespace that cannot be read has a directory: Grafana would delete its dashboards")
	}
	for _, namespace := range []string{"shop", "team"} {
		files, err := os.ReadDir(filepath.Join(root, "dashboards", namespace))
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, file := range files {
			content, err := os.ReadFile(filepath.Join(root, "dashboards", namespace, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			got[namespace+"/"+file.Name()] = strings.TrimSpace(string(content))
		}
	}
	// shop can no longer be read and keeps what it had; team has none any more.
	if len(got) != 1 || got["shop/web.json"] != "changed" {
		t.Errorf("the files are %v\n%s", got, out)
	}
	environment := []string{}
	for _, variable := range containers[0].Env {
		environment = append(environment, variable.Name)
	}
	for _, unwanted := range []string{"REQ_URL", "REQ_USERNAME", "REQ_PASSWORD", "FOLDER_ANNOTATION"} {
		if slices.Contains(environment, unwanted) {
			t.Errorf("the container has %s", unwanted)
		}
	}
}
