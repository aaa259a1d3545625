package stack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
	"doks-security/stack/field"
)

// rawConfig reads a stack file the way Pulumi hands it to the program: this project's keys, objects as JSON, what is
// encrypted decrypted. In fixtures {secure: ...} holds the value itself.
func rawConfig(t *testing.T, file string) map[string]string {
	t.Helper()
	config, _ := readConfig(t, read(t, file))
	return OwnKeys(config)
}

// environment is the configuration of a fixture, dev, staging or prod: what the shipped stack files set, of which users
// make their own.
func environment(t *testing.T, name string) map[string]string {
	t.Helper()
	return rawConfig(t, "testdata/environments/Pulumi."+name+".yaml")
}

// readConfig reads the keys of all namespaces; secret are those that hold encrypted values.
func readConfig(t *testing.T, text []byte) (config map[string]string, secret []string) {
	t.Helper()
	return decryptConfig(t, text, func(_ string, value any) any { return value })
}

func decryptConfig(t *testing.T, text []byte, decrypt func(string, any) any) (config map[string]string,
	secret []string) {
	t.Helper()
	file, err := ReadFile("the fixture", text)
	var errs field.Errors // of the case
	if err != nil && !errors.As(err, &errs) {
		t.Fatal(err)
	}
	config, secret, err = file.Config(decrypt)
	if err != nil {
		t.Fatal(err)
	}
	return config, secret
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// load loads the text of a stack file as the program does.
func load(t *testing.T, text []byte) (settings Settings, err error) {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "Pulumi.dev.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	config, secret := readConfig(t, text)
	return loadConfig(t, root, "dev", config, secret)
}

// loadConfig loads the configuration of the stack file below root.
func loadConfig(t *testing.T, root, stack string, config map[string]string, secret []string) (settings Settings,
	err error) {
	t.Helper()
	t.Setenv("DIGITALOCEAN_TOKEN", "set")
	t.Setenv("SPACES_ACCESS_KEY_ID", "set")
	t.Setenv("SPACES_SECRET_ACCESS_KEY", "set")
	err = pulumi.RunErr(func(ctx *pulumi.Context) (err error) {
		settings, err = Load(ctx)
		return err
	}, pulumi.WithMocks(Project, stack, &mocks{}), func(info *pulumi.RunInfo) {
		info.Config, info.ConfigSecretKeys, info.RootDirectory = config, secret, root
	})
	return settings, err
}

func fixtures(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures in %s: %v", pattern, err)
	}
	return files
}

func TestValidSettings(t *testing.T) {
	for _, file := range append(fixtures(t, "testdata/valid/*.yaml"), fixtures(t, "testdata/environments/*.yaml")...) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			if _, err := load(t, read(t, file)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAllErrorsTogether(t *testing.T) {
	_, err := Parse("dev", map[string]string{
		"profile": "tiny",
		"cluster": `{"regoin":"fra1","version":"latest","ha":"yes","pools":[{"name":"a","size":"small","count":0}]}`,
		"logging": `{"retention":"soon"}`,
		"extra":   `{}`,
	})
	if err == nil {
		t.Fatal("no error found")
	}
	for _, key := range []string{
		"profile", "cluster.regoin", "cluster.version", "cluster.ha", "cluster.pools[0].size", "cluster.pools[0].count",
		"logging.retention", "extra",
	} {
		if !strings.Contains(err.Error(), Project+":"+key+":") {
			t.Errorf("errors do not mention %s:\n%v", key, err)
		}
	}
}

// Precedence: stack file, profile, default.
func TestPrecedence(t *testing.T) {
	pools := `{"pools":[{"name":"a","size":"s-8vcpu-16gb","count":3}]}`
	for _, c := range []struct {
		name string
		raw  map[string]string
		get  func(Settings) any
		want any
	}{
		{"default", map[string]string{"cluster": pools}, func(s Settings) any { return s.Logging.Retention }, "3d"},
		{"profile over default", map[string]string{"profile": "prod", "cluster": pools},
			func(s Settings) any { return s.Logging.Retention }, "30d"},
		{"stack file over profile", map[string]string{"profile": "prod", "cluster": pools, "logging": `{"retention":"7d"}`},
			func(s Settings) any { return s.Logging.Retention }, "7d"},
		{"neighbors keep their default", map[string]string{"cluster": pools, "logging": `{"retention":"7d"}`},
			func(s Settings) any { return s.Logging.VolumeGiB }, 10},
		{"false over a profile's true", map[string]string{"profile": "prod",
			"cluster": strings.Replace(pools, "{", `{"protect":false,`, 1)},
			func(s Settings) any { return s.Cluster.Protect }, false},
		{"Falco follows the exporter", map[string]string{"cluster": pools, "runtimeSecurity": `{"metrics":"falco-exporter"}`},
			func(s Settings) any { return s.RuntimeSecurity.Falco }, components.LastFalcoWithGRPC},
		{"the project is named after the cluster", map[string]string{"cluster": pools},
			func(s Settings) any { return s.Project.Name }, "doks-security-dev"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse("dev", c.raw)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.get(s); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestMissingAccountIsAnError(t *testing.T) {
	for _, key := range []string{"DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", "SPACES_ACCESS_KEY_ID",
		"SPACES_SECRET_ACCESS_KEY"} {
		t.Setenv(key, "")
	}
	err := pulumi.RunErr(Deploy, pulumi.WithMocks(Project, "dev", &mocks{}), func(info *pulumi.RunInfo) {
		info.Config = map[string]string{Project + ":cluster": onePool, Project + ":logging": `{"storage":"spaces"}`}
		info.RootDirectory = t.TempDir()
	})
	for _, want := range []string{"3 errors", "digitalocean:token: not set", "digitalocean:spacesAccessId",
		"digitalocean:spacesSecretKey"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %[2]v, want it to contain %[1]q", want, err)
		}
	}
}
