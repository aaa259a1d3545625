package stack

import (
	"encoding/json"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// ReadFile reads the text of a stack file into what Parse takes: this project's keys, objects as JSON, as Pulumi hands
// them to the program. Encrypted values stay encrypted, {secure: ...}: Parse counts them as faults.
func ReadFile(text []byte) (map[string]string, error) {
	var content struct {
		Config map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(text, &content); err != nil {
		return nil, err
	}
	raw := map[string]string{}
	for key, value := range content.Config {
		name, ours := strings.CutPrefix(key, Project+":")
		if !ours {
			continue
		}
		if s, ok := value.(string); ok {
			raw[name] = s
			continue
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		raw[name] = string(encoded)
	}
	return raw, nil
}
