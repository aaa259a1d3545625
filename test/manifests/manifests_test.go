package manifests

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doks-security/test/fakecharts"
	"doks-security/test/prcomment"
	"doks-security/test/program"
)

// root has the fixtures of stack files.
const root = "../../" + program.Fixtures

// read is what Write wrote of a stack, by file.
func read(t *testing.T, o Options) map[string]string {
	t.Helper()
	o.Out = filepath.Join(t.TempDir(), "out")
	if _, err := Write(o); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(o.Out), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(o.Out, path))
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// twice compares what two runs write of each environment.
func twice(t *testing.T, archives *fakecharts.Archives) {
	for _, name := range []string{"dev", "staging", "prod"} {
		t.Run(name, func(t *testing.T) {
			o := Options{Root: root, Stack: name, Archives: archives}
			first, second := read(t, o), read(t, o)
			if len(first) < 60 || !slices.Equal(slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(second))) {
				t.Fatalf("%d files, then %d; want at least 60, and the same", len(first), len(second))
			}
			for file, text := range first {
				if second[file] != text {
					t.Errorf("%s differs from one run to the next", file)
				}
				if strings.ContainsAny(filepath.Base(file), `":<>|*?`) {
					t.Errorf("%s: no artifact holds a file of this name", file)
				}
			}
		})
	}
}

func TestManifestsAreDeterministic(t *testing.T) { twice(t, nil) }

// The project's own stack files are rendered, whichever there are and whatever they set.
func TestStackFiles(t *testing.T) {
	t.Chdir("../..") // which settings name directories from
	own, err := program.StackFiles(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range own {
		t.Run(c.Name, func(t *testing.T) {
			if _, err := Write(Options{Root: ".", Stack: c.Stack, Out: filepath.Join(t.TempDir(), "out")}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnotherDomain(t *testing.T) {
	gateway := program.Gateway()
	gateway["domain"] = "example.net"
	files := read(t, Options{Root: root, Stack: "prod", Settings: map[string]any{"exposure": gateway}})
	if route := files["program/HTTPRoute_monitoring_grafana.yaml"]; !strings.Contains(route, "grafana.example.net") {
		t.Errorf("no grafana.example.net in\n%s", route)
	}
}

func TestPublishedChartManifestsAreDeterministic(t *testing.T) {
	archives, err := fakecharts.OpenIn("../..")
	if errors.Is(err, fakecharts.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	twice(t, archives)
}

func TestWhatIsWritten(t *testing.T) {
	files := read(t, Options{Root: root, Stack: "dev"})
	for file, want := range map[string]string{
		"program/Namespace_falco.yaml": "pod-security.kubernetes.io/" +
			"enforce: privileged",
		"program/NetworkPolicy_loki_default-deny-ingress.yaml":                  "kind: NetworkPolicy",
		"program/ValidatingAdmissionPolicy_virtual-clusters.doks-security.yaml": "validations:",
		"program/PrometheusRule_monitoring_virtual-clusters.yaml":               "alert:",
		"program/ConfigMap_monitoring_dashboard-virtual-clusters.yaml":          "grafana_dashboard",
		"program/Secret_monitoring_grafana-admin.yaml":                          "admin-password: masked",
		"metrics-server/Deployment_metrics-server_metrics-server.yaml":          "namespace: metrics-server",
		prcomment.SummaryFile: `"standIns": true`,
	} {
		if !strings.Contains(files[file], want) {
			t.Errorf("%s holds no %q:\n%s", file, want, files[file])
		}
	}
	for file, text := range files {
		if strings.Contains(text, "generated") && strings.Contains(file, "Secret_") {
			t.Errorf("%s shows a password", file)
		}
	}
}

// A secret of the stack file is not read, but everything that depends on it is rendered.
func TestEncryptedSettings(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join(root, "Pulumi.dev.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const encrypted = `  doks-security:alerting:
    receivers:
      - name: people
        slack: {url: {secure: "v1:ciphertext"}, channel: "#alerts"}
      - name: pager
        pagerduty: {routingKey: {secure: "v1:ciphertext"}}
  doks-security:forward:
    metrics: {url: https://metrics.example.org, username: us, password: {secure: "v1:ciphertext"}}
    events: {url: {secure: "v1:ciphertext"}}
`
	if err := os.WriteFile(filepath.Join(dir, "Pulumi.dev.yaml"), append(text, encrypted...), 0o600); err != nil {
		t.Fatal(err)
	}
	installation, err := program.Run(dir, program.Case{Name: "dev", Stack: "dev"})
	if err != nil {
		t.Fatal(err)
	}
	if installation.Settings.Forward.Events == nil {
		t.Error("the settings are not those of the stack file")
	}
	for file, text := range read(t, Options{Root: dir, Stack: "dev"}) {
		for _, hint := range []string{"ciphertext", installation.Settings.Forward.Events.URL,
			installation.Settings.Forward.Metrics.Password} {
			if strings.Contains(text, hint) {
				t.Errorf("%s holds %q", file, hint)
			}
		}
	}
}

func TestForeignDirectoryIsKept(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(Options{Root: root, Stack: "dev", Out: dir}); err == nil ||
		!strings.Contains(err.Error(), "something else") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "thesis")); err != nil {
		t.Error(err)
	}
}

// What a GitOps controller applies has no Secret, nothing that is masked, and no job that Helm runs once.
func TestApplicable(t *testing.T) {
	for _, name := range []string{"dev", "staging", "prod"} {
		t.Run(name, func(t *testing.T) {
			all := read(t, Options{Root: root, Stack: name})
			found := 0
			for file, text := range read(t, Options{Root: root, Stack: name, Applicable: true}) {
				release, inReleases := strings.CutPrefix(file, releasesDir+"/")
				if file == prcomment.SummaryFile {
					continue
				}
				found++
				if _, known := all[release]; !inReleases || !known {
					t.Errorf("%s is not one of the stack's releases", file)
				}
				for _, word := range []string{"kind: Secret\n", ": " + masked + "\n", hookAnnotation + ":", secretVersion} {
					if strings.Contains(text, word) {
						t.Errorf("%s has %q", file, word)
					}
				}
			}
			if found < 20 {
				t.Errorf("%d files, want at least 20", found)
			}
		})
	}
}
