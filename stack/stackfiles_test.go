package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"doks-security/stack/stacktest"
)

// TestStackFiles checks the project's own stack files, whichever there are and whatever they set. All other tests use
// fixtures: testdata/environments.
func TestStackFiles(t *testing.T) {
	checkStackFiles(t, "..")
}

// checkStackFiles loads every stack file of a directory as the program does, and checks it as editors do. Encrypted values
// are replaced by placeholders: the passphrase is not known here.
func checkStackFiles(t *testing.T, dir string) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "Pulumi.*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir) // which settings name directories from
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			text := read(t, name)
			var content any
			if err := yaml.Unmarshal(text, &content); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(content); err != nil {
				t.Error(err)
			}
			config, secret := decryptConfig(t, text, func(path string, _ any) any { return stacktest.Placeholder(path) })
			stack := strings.TrimSuffix(strings.TrimPrefix(name, "Pulumi."), ".yaml")
			if _, err := loadConfig(t, ".", stack, config, secret); err != nil {
				t.Error(err)
			}
		})
	}
}

// A user's project: staging removed, prod renamed, dev with other nodes and more settings, one of them encrypted.
func TestStackFilesOfAUser(t *testing.T) {
	dir := t.TempDir()
	dev := strings.NewReplacer("size: s-2vcpu-4gb", "size: s-4vcpu-8gb", "count: 2", "count: 3", "fra1", "ams3", `"1.34"`, `"1.35"`).
		Replace(string(read(t, "testdata/environments/Pulumi.dev.yaml")))
	dev = "encryptionsalt: v1:salt\n" + dev + `  doks-security:project:
    name: team
  doks-security:logging:
    retention: 7d
  doks-security:alerting:
    receivers:
      - name: team
        slack:
          url:
            secure: v1:ciphertext
          channel: "#alerts"
`
	for name, text := range map[string]string{
		"Pulumi.yaml": "name: doks-security\n", "Pulumi.dev.yaml": dev,
		"Pulumi.live.yaml": string(read(t, "testdata/environments/Pulumi.prod.yaml")),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checkStackFiles(t, dir)
}
