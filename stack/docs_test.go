package stack

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"doks-security/components"
	"doks-security/values"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// secureValue is an encrypted value as the docs write it.
var secureValue = regexp.MustCompile(`\{secure: [^}]*\}`)

// Every block of YAML in these pages is a part of a stack file that is valid; one of an exposure with the rest of it.
func TestStackFilesInDocs(t *testing.T) {
	for page, least := range map[string]int{"parts.md": 4, "access.md": 4, "certificates.md": 4} {
		blocks := yamlBlock.FindAllStringSubmatch(string(read(t, "../docs/"+page)), -1)
		if len(blocks) < least {
			t.Errorf("%s has %d blocks of YAML, want at least %d", page, len(blocks), least)
		}
		for _, block := range blocks {
			if err := parseBlock(t, block[1]); err != nil {
				t.Errorf("%s: %v in\n%s", page, err, block[1])
			}
		}
	}
}

func parseBlock(t *testing.T, text string) error {
	t.Helper()
	var sections map[string]map[string]any
	text = secureValue.ReplaceAllString(text, "decrypted-value-of-a-secret")
	if err := yaml.Unmarshal([]byte(text), &sections); err != nil {
		return err
	}
	return parseSections(t, sections)
}

// parseSections parses sections of a stack file, with the rest that a cluster and an exposure need.
func parseSections(t *testing.T, sections map[string]map[string]any) error {
	t.Helper()
	if exposure := sections["exposure"]; exposure != nil {
		var whole map[string]any
		if err := json.Unmarshal([]byte(byGateway(t)), &whole); err != nil {
			t.Fatal(err)
		}
		if exposure["certificates"] != nil {
			delete(whole, "certificates")
		}
		sections["exposure"] = values.Merge(whole, exposure)
	}
	raw := map[string]string{"cluster": onePool}
	for section, object := range sections {
		encoded, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		raw[section] = string(encoded)
	}
	_, err := Parse("dev", raw)
	return err
}

// The table of DNS providers has all of them, with their fields.
func TestDNSProvidersAreDocumented(t *testing.T) {
	page := string(read(t, "../docs/certificates.md"))
	for name, p := range components.DNSProviders {
		options := strings.Join(p.Required, ", ")
		if len(p.Options) > 0 {
			options += " (" + strings.Join(p.Options, ", ") + ")"
		}
		row := strings.ReplaceAll("| `"+name+"` | "+options+" | "+strings.Join(p.Secrets, ", ")+" |", "|  |", "| |")
		if !strings.Contains(page, row+"\n") {
			t.Errorf("docs/certificates.md has no row\n%s", row)
		}
	}
}
