package stack

import (
	"encoding/json"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/alerting"
	"doks-security/falcosidekick"
	"doks-security/stack/field"
)

// encryptedOnly is what is allowed of a secret.
const encryptedOnly = "encrypted: anyone who reads the stack file could use it"

// secretErrors refuses secrets in plain text: a stack file is committed. What is a secret says the tag of its field.
// Each is looked up by its own path in the stack file: Pulumi only reports whether anything in a section is encrypted.
// A section that is not in the file, but in an environment or another file, is checked there.
func secretErrors(ctx *pulumi.Context, s Settings, file map[string]any) field.Errors {
	var errs field.Errors
	for section, target := range s.sections() {
		key := Project + ":" + section
		value, written := file[key]
		if !written {
			if ctx.IsConfigSecret(key) {
				continue
			}
			value = any(s.given[section])
		}
		if text, ok := value.(string); ok { // an object as JSON
			var object map[string]any
			if json.Unmarshal([]byte(text), &object) == nil {
				value = object
			}
		}
		refuse := func(path string, value any) {
			if !field.Encrypted(value) && value != nil && value != "" {
				errs.Add(path, field.Hidden, encryptedOnly, field.EncryptCommand(path))
			}
		}
		formats.EachSecret(value, reflect.TypeOf(target).Elem(), section, refuse)
		if _, ok := target.(*alerting.Settings); ok {
			alerting.EachSecret(value, section, refuse)
		}
		if _, ok := target.(*RuntimeSecuritySettings); ok {
			object, _ := value.(map[string]any)
			falcosidekick.EachSecret(object["outputs"], section+".outputs", refuse)
		}
	}
	return errs
}
