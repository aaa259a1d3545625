package upgrade

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"

	"doks-security/test/fakecharts"
	"doks-security/test/program"
	"doks-security/values"
)

// newer writes an archive of metrics-server's contract that knows our values, after change.
func newer(t *testing.T, version string, change func(known map[string]any, template string) string) string {
	t.Helper()
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	known, err := values.Load("metrics-server", "prod", values.DefaultNamespaces())
	if err != nil {
		t.Fatal(err)
	}
	return newerThan(t, pins["metrics-server"], known, version, change)
}

// newerThan is newer for any pin with a stand-in; known are the values that the archive knows.
func newerThan(t *testing.T, pin values.Chart, known map[string]any, version string,
	change func(known map[string]any, template string) string) string {
	t.Helper()
	c, err := fakecharts.New(pin)
	if err != nil {
		t.Fatal(err)
	}
	known["standIn"] = true
	template := c.Templates[len(c.Templates)-1]
	template.Data = []byte(change(known, string(template.Data)))
	text, err := yaml.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	c.Metadata.Version = version
	for _, raw := range c.Raw {
		if raw.Name == chartutil.ValuesfileName {
			raw.Data = text
		}
	}
	file, err := chartutil.Save(c, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func unchanged(_ map[string]any, template string) string { return template }

// cache is one with the stand-ins as archives.
// pinnedVersion is the version of metrics-server that is pinned.
func pinnedVersion(t *testing.T) string {
	t.Helper()
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	return pins["metrics-server"].Version
}

func cache(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := fakecharts.WriteStandIns(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func run(t *testing.T, dir, name, archive string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := Run(context.Background(), Options{Root: "../..", Charts: dir, Chart: name, Archive: archive, Out: &out})
	return out.String(), err
}

func TestUpgrade(t *testing.T) {
	t.Setenv("CHARTS_UNVERIFIED", "1")
	for _, c := range []struct {
		name   string
		change func(known map[string]any, template string) string
		says   []string
		err    string
	}{
		{"nothing changes", unchanged, []string{"metrics-server " + pinnedVersion(t) + " -> 9.0.0", "==> dev", "==> staging",
			"every key of ours is known", "unverified, sha256"}, ""},
		{"a key vanishes", func(known map[string]any, template string) string {
			delete(known, "serviceMonitor")
			return template
		}, []string{"key vanishes: serviceMonitor.enabled"}, "1 keys of ours vanish"},
		{"an object comes, an image changes", func(_ map[string]any, template string) string {
			return strings.ReplaceAll(template, "image: stand-in", "image: another") +
				"\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n"
		}, []string{"+  ConfigMap metrics-server/new", "~  Deployment metrics-server/metrics-server",
			"-      - image: stand-in", "+      - image: another",
			"image gone: stand-in", "image new:  another"}, ""},
		{"requests grow", func(_ map[string]any, template string) string {
			return strings.ReplaceAll(template, "resources: {{ toJson .Values.resources }}",
				"resources: {requests: {cpu: 1, memory: 1Gi}}")
		}, []string{"other requests: ", " -> 1000m CPU, 1024 MiB"}, ""},
		{"it no longer renders", func(_ map[string]any, template string) string {
			return template +
				`{{ fail "replicas is gone" }}`
		},
			[]string{"does not render"}, "replicas is gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := run(t, cache(t), "metrics-server", newer(t, "9.0.0", c.change))
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			for _, want := range c.says {
				if !strings.Contains(out, want) {
					t.Errorf("output does not contain %q:\n%s", want, out)
				}
			}
		})
	}
}

// An addon's chart is compared as it is installed with both profiles.
func TestUpgradeOfAnAddon(t *testing.T) {
	t.Setenv("CHARTS_UNVERIFIED", "1")
	root, dir := t.TempDir(), t.TempDir()
	for from, to := range map[string]string{
		values.ExampleAddonsDir: values.AddonsDir, program.Fixtures: program.Fixtures,
	} {
		if err := os.CopyFS(filepath.Join(root, to), os.DirFS(filepath.Join("../..", from))); err != nil {
			t.Fatal(err)
		}
	}
	if err := fakecharts.WriteStandInsOf(root, dir); err != nil {
		t.Fatal(err)
	}
	addons, err := values.Addons(root, values.AddonsDir)
	if err != nil {
		t.Fatal(err)
	}
	known, err := addons.Load("external-dns", "dev", values.Namespaces{"external-dns": "external-dns"})
	if err != nil {
		t.Fatal(err)
	}
	archive := newerThan(t, addons["external-dns"].Chart, known, "9.0.0",
		func(known map[string]any, template string) string {
			delete(known, "txtOwnerId")
			return template + "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n"
		})
	var out bytes.Buffer
	err = Run(context.Background(), Options{Root: root, Charts: dir, Chart: "external-dns", Archive: archive, Out: &out})
	if err == nil || !strings.Contains(err.Error(), "1 keys of ours vanish") {
		t.Errorf("err = %v, want the key that vanishes", err)
	}
	for _, want := range []string{"==> dev with external-dns: release external-dns", "key vanishes: txtOwnerId",
		"+  ConfigMap external-dns/new"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output does not contain %q:\n%s", want, out.String())
		}
	}
}

func TestUpgradeRefuses(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.tgz")
	if err := os.WriteFile(broken, []byte("no archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, chart, archive string
		unverified           string
		message              string
	}{
		{"an unknown chart", "falko", "", "1", `pin no chart "falko"; allowed: alloy, cert-manager, falco`},
		{"a file that is not there", "metrics-server", "nowhere.tgz", "1", "nowhere.tgz"},
		{"a broken file", "metrics-server", broken, "1", "reading the newer chart"},
		{"another chart", "falco", newer(t, "9.0.0", unchanged), "1", "holds the chart metrics-server, not falco"},
		{"the version that is pinned", "metrics-server", newer(t, pinnedVersion(t), unchanged), "1", "pins already"},
		{"a pinned archive with another digest", "metrics-server", newer(t, "9.0.0", unchanged), "", "CHARTS_UNVERIFIED=1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("CHARTS_UNVERIFIED", c.unverified)
			if _, err := run(t, cache(t), c.chart, c.archive); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("error %v, want one about %q", err, c.message)
			}
		})
	}
	if _, err := run(t, t.TempDir(), "falco", broken); !errors.Is(err, fakecharts.ErrMissing) {
		t.Errorf("error %v, want one about the missing archive", err)
	}
}
