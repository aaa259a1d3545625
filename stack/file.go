package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"

	"doks-security/stack/field"
)

// providers are the other namespaces a stack file may have keys of: those of the program's providers and of Pulumi
// itself.
var providers = []string{"digitalocean", "kubernetes", "random", "pulumi"}

// decimal is a number that every version of YAML reads as it is written: 010 is 8, 1_0 is 10, 0x10 is 16.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// File is the configuration of a stack file as it was written, by namespace:key. Encrypted values are {secure: ...}.
type File map[string]any

// readFile reads the stack file of a run. Pulumi hands over less: not which nested values are encrypted, nor keys that
// the program does not ask for. Nil without a file, as with pulumi --config-file.
func readFile(ctx *pulumi.Context) (File, error) {
	file := filepath.Join(ctx.RootDirectory(), "Pulumi."+ctx.Stack()+".yaml")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the stack's configuration: %w", err)
	}
	return ReadFile(filepath.Base(file), text)
}

// ReadFile reads the text of a stack file; name is for errors. A field.Errors is what Pulumi would ignore, or take for
// something else, without an error: the configuration is returned with it.
func ReadFile(name string, text []byte) (File, error) {
	var content struct {
		Config yaml.Node `yaml:"config"`
	}
	config := map[string]any{}
	reader := yaml.NewDecoder(bytes.NewReader(text))
	err := reader.Decode(&content)
	if err == nil && content.Config.Kind != 0 {
		err = content.Config.Decode(&config)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the stack's configuration: %s: %w", name, err)
	}
	var errs field.Errors
	var second yaml.Node
	if err == nil && !errors.Is(reader.Decode(&second), io.EOF) {
		errs.Add(fmt.Sprintf("%s:%d", name, max(1, second.Line)), json.Number("a second YAML document"),
			"one: Pulumi ignores the others",
			"move its settings below config of the first document")
	}
	named := File{}
	for _, key := range sortedKeys(config) {
		value, full := config[key], fullKey(key)
		if _, twice := named[full]; twice {
			errs.Add(full, field.Hidden, "each key once, in one spelling", "remove "+key)
		}
		named[full] = value
		if namespace, _, _ := strings.Cut(full, ":"); namespace != Project && !slices.Contains(providers, namespace) {
			errs.Add(full, field.Hidden,
				"a key that begins with "+Project+":, "+strings.Join(providers, ":, ")+":; others are not read",
				"correct what is before the colon, or remove the key")
		}
	}
	checkNumbers(&content.Config, "", &errs)
	return named, errs.Err()
}

// Config is the configuration as Pulumi hands it to the program: objects as JSON. decrypt returns what an encrypted
// value becomes; the keys that hold one are the second result.
func (f File) Config(decrypt func(path string, ciphertext any) any) (map[string]string, []string, error) {
	config, secret := map[string]string{}, []string{}
	for key, value := range f {
		encrypted := false
		value = Decrypt(key, value, func(path string, ciphertext any) any {
			encrypted = true
			return decrypt(path, ciphertext)
		})
		if encrypted {
			secret = append(secret, key)
		}
		if text, ok := value.(string); ok {
			config[key] = text
			continue
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", key, err)
		}
		config[key] = string(encoded)
	}
	return config, secret, nil
}

// OwnKeys are this project's keys of a configuration, as Parse takes them.
func OwnKeys(config map[string]string) map[string]string {
	own := map[string]string{}
	for key, value := range config {
		if name, ours := strings.CutPrefix(key, Project+":"); ours {
			own[name] = value
		}
	}
	return own
}

// Decrypt replaces what Pulumi encrypted, {secure: ciphertext}, anywhere in value, by what decrypt returns for its
// path.
func Decrypt(path string, value any, decrypt func(path string, ciphertext any) any) any {
	switch v := value.(type) {
	case map[string]any:
		if field.Encrypted(v) {
			return decrypt(path, v["secure"])
		}
		for key, element := range v {
			v[key] = Decrypt(path+"."+key, element, decrypt)
		}
	case []any:
		for i, element := range v {
			v[i] = Decrypt(fmt.Sprintf("%s[%d]", path, i), element, decrypt)
		}
	}
	return value
}

// fullKey is a key as Pulumi reads it: without a namespace it is the project's, and namespace:config:key is an old
// form.
func fullKey(key string) string {
	parts := strings.Split(key, ":")
	switch {
	case len(parts) == 1:
		return Project + ":" + key
	case len(parts) == 3 && parts[1] == "config":
		return parts[0] + ":" + parts[2]
	}
	return key
}

// checkNumbers refuses numbers that YAML reads as others than are written.
func checkNumbers(node *yaml.Node, path string, errs *field.Errors) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i].Value
			if path == "" {
				key = strings.TrimPrefix(fullKey(key), Project+":")
			} else {
				key = path + "." + key
			}
			checkNumbers(node.Content[i+1], key, errs)
		}
	case yaml.SequenceNode:
		for i, element := range node.Content {
			checkNumbers(element, fmt.Sprintf("%s[%d]", path, i), errs)
		}
	case yaml.ScalarNode:
		if tag := node.ShortTag(); (tag == "!!int" || tag == "!!float") && !decimal.MatchString(node.Value) {
			var number any
			_ = node.Decode(&number) // as the tag says
			errs.Add(path, json.Number(node.Value),
				fmt.Sprintf("a decimal number without leading zeros: YAML reads this as %v", number),
				"write the decimal number, or put the value in quotes if it is a string")
		}
	}
}
