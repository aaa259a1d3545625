package stack

import (
	"fmt"
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

// checkStackFiles loads every stack file of a directory as the program does, and checks it as editors do. Encrypted
// values are replaced by placeholders: the passphrase is not known here.
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
			for _, err := range commentErrors(schema, string(text)) {
				t.Error(err)
			}
		})
	}
}

// commentErrors finds commented settings of a stack file that do not exist, or would be of the wrong type. Whether they
// fit the settings next to them, which are the user's, is a matter of stack/cmd/env: TestCommentedSettingsAreValid.
func commentErrors(schema *jsonschema.Schema, text string) []error {
	var errs []error
	for _, v := range stacktest.Uncommented(text) {
		var content any
		err := yaml.Unmarshal([]byte(v.Text), &content)
		if err != nil {
			continue // it is set as well, or Pulumi put another key between the lines
		}
		_, err = ReadFile("the stack file", []byte(v.Text))
		if err == nil {
			err = schema.Validate(content)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("the comment %s: %w", v.Setting, err))
		}
	}
	return errs
}

func TestCommentErrors(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	const file = `config:
  # Prose: with a colon.
  doks-security:cluster:
    region: fra1
%s
    pools:
      - name: default
        size: s-4vcpu-8gb
        count: 3
#         autoScale: {min: 3, max: 5}
%s
`
	for _, c := range []struct{ name, inCluster, atEnd, want string }{
		{"no comments", "", "", ""},
		{"settings", "#     ha: true # prose", "#   doks-security:logging:\n#     retention: 7d", ""},
		{"a setting that is set as well", "#     region: ams3", "#   doks-security:cluster:\n#     ha: true", ""},
		{"prose", "    # haa: true", "  # doks-security:login:", ""},
		{"comments that Pulumi moved", "    #     haa: true",
			"#   doks-security:charts:\nencryptionsalt: v1:salt\n#     mirror: oci://example.org", ""},
		{"a misspelled setting", "#     haa: true", "", "haa: true"},
		{"a misspelled section", "", "#   doks-security:login:\n#     retention: 7d", "doks-security:login:"},
		{"a misspelled setting of a commented section", "", "#   doks-security:logging:\n#     retentions: 7d",
			"doks-security:logging:"},
		{"a misspelled setting in a list", "", "#       - name: more\n#         sice: s-4vcpu-8gb", "- name: more"},
		{"another type", "#     ha: high", "", "ha: high"},
		{"a number YAML reads as another", "#     maintenance: {start: 04:00}",
			"#   doks-security:logging:\n#     volumeGiB: 010", "010"},
	} {
		t.Run(c.name, func(t *testing.T) {
			errs := commentErrors(schema, fmt.Sprintf(file, c.inCluster, c.atEnd))
			if c.want == "" && len(errs) > 0 || c.want != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want)) {
				t.Errorf("errors %v, want one with %q", errs, c.want)
			}
		})
	}
}

// A user's project: staging removed, prod renamed, dev with other nodes and more settings, one of them encrypted.
func TestStackFilesOfAUser(t *testing.T) {
	dir := t.TempDir()
	dev := strings.NewReplacer("size: s-2vcpu-4gb", "size: s-4vcpu-8gb", "count: 2", "count: 3", "fra1", "ams3",
		`"1.34"`, `"1.35"`).
		Replace(string(read(t, "testdata/environments/Pulumi.dev.yaml")))
	dev = "encryptionsalt: v1:salt\n" + dev + `  doks-security:project:
    name: team
#   doks-security:project:
#     name: doks-security-dev
  doks-security:logging:
#     retention: 3d
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
