package bench

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"

	"doks-security/test/controlplane/controlplanetest"
	"doks-security/test/rehearse"
)

func TestMain(m *testing.M) { controlplanetest.Main(m) }

// fake is a terraform that compares the configuration with the one it applied.
const fake = `#!/bin/sh
set -e
case $1 in
apply) cat main.tf.json values/* >applied;;
plan) cat main.tf.json values/* | cmp -s - applied && echo "No changes." ||
	echo "Plan: 0 to add, 1 to change, 0 to destroy.";;
esac
`

// command puts a program of that name and text on PATH, alone with those of the system and go, by which a control plane
// finds files of its modules.
func command(t *testing.T, name, text string) {
	t.Helper()
	dir := t.TempDir()
	compiler, err := exec.LookPath("go")
	err = errors.Join(err, os.Symlink(compiler, filepath.Join(dir, "go")),
		os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
}

// newBench has a scratch directory, short for the sockets of providers, which must be as it was at the end.
func newBench(t *testing.T) (*bench, *strings.Builder, context.CancelFunc) {
	t.Helper()
	scratch, err := os.MkdirTemp("", "b")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() {
		cancel()
		if _, err := os.Stat(filepath.Join(scratch, "c")); err == nil {
			t.Error("the cluster is left")
		}
		if left, err := rehearse.Processes(scratch); err != nil || len(left) > 0 {
			t.Errorf("processes are left: %q %v", left, err)
		}
		if err := os.RemoveAll(scratch); err != nil {
			t.Error(err)
		}
	})
	out := &strings.Builder{}
	return &bench{Context: ctx, scratch: scratch, out: out}, out, cancel
}

func named(namespace, name, version, manifest string, values map[string]any) *release.Release {
	return &release.Release{Name: name, Namespace: namespace, Manifest: manifest, Config: values,
		Chart: &chart.Chart{Metadata: &chart.Metadata{Name: name, Version: version}}}
}

func TestPlans(t *testing.T) {
	before := []*release.Release{
		named("monitoring", "crds", "1.0.0", "apiVersion: v1\nkind: CustomResourceDefinition\n", nil),
		named("monitoring", "loki", "2.0.0", "", map[string]any{"retention": "3d", "template": "${a}"}),
		named("falco", "falco", "3.0.0", "", nil),
	}
	after := slices.Clone(before)
	after[1] = named("monitoring", "loki", "2.0.0", "", map[string]any{"retention": "2d", "template": "${a}"})
	command(t, "tofu", fake)
	b, _, _ := newBench(t)
	if err := b.plans(before, after, "/charts"); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, m := range b.results {
		rows = append(rows, m.Name)
	}
	want := []string{"tofu" + planUnchanged, "tofu" + planUnrefreshed, "tofu" + planChanged}
	if !slices.Equal(rows, want) {
		t.Errorf("measured %q, want %q", rows, want)
	}
}

func TestConfiguration(t *testing.T) {
	b, _, _ := newBench(t)
	c := &terraform{b, "terraform", b.scratch}
	if err := os.Mkdir(filepath.Join(c.dir, "values"), 0o700); err != nil {
		t.Fatal(err)
	}
	err := c.configure([]*release.Release{
		named("monitoring", "crds", "1.0.0", "apiVersion: v1\nkind: CustomResourceDefinition\n", nil),
		named("loki", "loki", "2.0.0", "", map[string]any{"template": "${a}"}),
	}, "/charts", "/kubeconfig")
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"main.tf.json": `{
  "provider": {
    "helm": {
      "kubernetes": {
        "config_path": "/kubeconfig"
      }
    }
  },
  "resource": {
    "helm_release": {
      "loki_loki": {
        "chart": "/charts/loki-2.0.0.tgz",
        "depends_on": [
          "helm_release.monitoring_crds"
        ],
        "name": "loki",
        "namespace": "loki",
        "values": [
          "${file(\"values/loki_loki.json\")}"
        ],
        "wait": false
      },
      "monitoring_crds": {
        "chart": "/charts/crds-1.0.0.tgz",
        "name": "crds",
        "namespace": "monitoring",
        "values": [
          "${file(\"values/monitoring_crds.json\")}"
        ],
        "wait": false
      }
    }
  }
}`,
		"values/loki_loki.json":       "{\n  \"template\": \"${a}\"\n}",
		"values/monitoring_crds.json": "null",
	} {
		if text, err := os.ReadFile(filepath.Join(c.dir, file)); err != nil || string(text) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", file, err, text, want)
		}
	}
}

// Without Terraform, or its provider, the rows say why.
func TestPlansSkipped(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"other", "", "neither terraform nor tofu is on PATH"},
		{"terraform", "#!/bin/sh\nprintf 'Error: no provider\\n\\nno such\\nhost\\n'; exit 1",
			"terraform init: exit status 1: no provider no such host"},
	} {
		command(t, test.name, test.text)
		b, out, _ := newBench(t)
		if err := b.plans(nil, nil, ""); err != nil {
			t.Errorf("error %v", err)
		}
		if len(b.results) != 3 || !strings.Contains(out.String(), "not measured: "+test.want+"\n") {
			t.Errorf("printed %s, want %q", out, test.want)
		}
	}
}

// An interrupt leaves no cluster and no process.
func TestPlansInterrupted(t *testing.T) {
	command(t, "terraform", "#!/bin/sh\n[ $1 = init ] || { touch started; tail -f $PWD/started; echo; }")
	b, _, cancel := newBench(t)
	go func() {
		for b.Err() == nil {
			if _, err := os.Stat(filepath.Join(b.scratch, "terraform", "started")); err == nil {
				cancel()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	started := time.Now()
	err := b.plans(nil, nil, "")
	if err == nil || !strings.Contains(err.Error(), "terraform apply: ") || time.Since(started) > 2*time.Minute {
		t.Errorf("error %v after %s", err, time.Since(started))
	}
}

// A kubeconfig or another state that the user's environment names is not used.
func TestEnvironment(t *testing.T) {
	got := environment([]string{"HOME=/home", "KUBECONFIG=a", "KUBE_HOST=b", "HELM_DRIVER=sql", "TF_WORKSPACE=c",
		"TF_CLI_ARGS_plan=-destroy", "TF_CLI_CONFIG_FILE=d", "TF_PLUGIN_CACHE_DIR=e", "PATH=/bin"})
	want := []string{"HOME=/home", "TF_CLI_CONFIG_FILE=d", "TF_PLUGIN_CACHE_DIR=e", "PATH=/bin"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
