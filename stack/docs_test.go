package stack

import (
	"encoding/json"
	"regexp"
	"testing"

	"gopkg.in/yaml.v3"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// secureValue is an encrypted value as the docs write it.
var secureValue = regexp.MustCompile(`\{secure: [^}]*\}`)

// Every block of YAML in these pages is a part of a stack file that is valid.
func TestStackFilesInDocs(t *testing.T) {
	for page, least := range map[string]int{"parts.md": 4} {
		blocks := yamlBlock.FindAllStringSubmatch(string(read(t, "../docs/"+page)), -1)
		if len(blocks) < least {
			t.Errorf("%s has %d blocks of YAML, want at least %d", page, len(blocks), least)
		}
		for _, block := range blocks {
			var sections map[string]any
			text := secureValue.ReplaceAllString(block[1], "decrypted")
			if err := yaml.Unmarshal([]byte(text), &sections); err != nil {
				t.Errorf("%s: %v in\n%s", page, err, block[1])
				continue
			}
			raw := map[string]string{"cluster": onePool}
			for section, object := range sections {
				encoded, err := json.Marshal(object)
				if err != nil {
					t.Fatal(err)
				}
				raw[section] = string(encoded)
			}
			if _, err := Parse("dev", raw); err != nil {
				t.Errorf("%s: %v in\n%s", page, err, block[1])
			}
		}
	}
}
