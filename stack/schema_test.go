package stack

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"doks-security/stack/field"
)

// schemaFile is what editors complete and check stack files with.
const schemaFile = "../schema/stack.schema.json"

type object = map[string]any

// of is the schema of a type.
func (c comments) schema(t reflect.Type, s field.Setting) object {
	switch t.Kind() {
	case reflect.Pointer:
		return c.schema(t.Elem(), s)
	case reflect.Struct:
		properties, required := object{}, []string{}
		for _, s := range formats.Settings(t) {
			property := c.schema(s.Type, s)
			property["description"] = hover(c.of(s), s)
			properties[s.Key] = property
			if s.Required {
				required = append(required, s.Key)
			}
		}
		schema := object{"type": "object", "properties": properties, "additionalProperties": false}
		if len(required) > 0 {
			schema["required"] = required
		}
		return schema
	case reflect.Slice:
		schema := object{"type": "array", "items": c.schema(t.Elem(), s)}
		if s.Format.MinItems > 0 {
			schema["minItems"] = s.Format.MinItems
		}
		return schema
	case reflect.Map:
		schema := object{"type": "object", "additionalProperties": c.schema(t.Elem(), s)}
		if names := limits(s.Keys); len(names) > 0 {
			schema["propertyNames"] = names
		}
		return schema
	case reflect.Interface: // Alertmanager's own configuration, which the program checks
		return object{}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		schema := limits(s.Format)
		schema["type"] = "integer"
		return schema
	case reflect.String:
		schema := limits(s.Format)
		switch {
		case s.Secret:
			return object{"$ref": "#/$defs/secure"}
		case len(schema) == 0: // pulumi config set --secret
			return object{"anyOf": []object{{"type": "string"}, {"$ref": "#/$defs/secure"}}}
		}
		schema["type"] = "string"
		return schema
	}
	panic("no schema of " + t.String())
}

// limits are the keywords of a format.
func limits(f field.Format) object {
	schema := object{}
	if f.Enum != nil {
		schema["enum"] = f.Enum
	}
	if f.Pattern != nil {
		schema["pattern"] = f.Pattern.String()
	}
	if f.Except != nil {
		schema["not"] = object{"enum": f.Except}
	}
	if f.MaxLength != 0 {
		schema["maxLength"] = f.MaxLength
	}
	if f.Max != 0 {
		schema["minimum"], schema["maximum"] = f.Min, f.Max
	}
	return schema
}

// hover is what an editor shows of a setting.
func hover(comment string, s field.Setting) string {
	if text := defaultText(s, ""); text != "" {
		comment += " Default: " + text + "."
	}
	if s.Secret {
		comment += " A secret: pulumi config set --secret --path."
	}
	return comment
}

// stackFile is the schema of a whole stack file: our keys strictly, those of providers as they are.
func (c comments) stackFile() object {
	config, names := object{}, []string{}
	t := reflect.TypeFor[Settings]()
	for _, s := range formats.Settings(t) {
		section := c.schema(s.Type, s)
		section["description"] = hover(c.of(s), s)
		config[Project+":"+s.Key] = section
		names = append(names, Project+":"+s.Key)
	}
	text := object{"type": "string"}
	return object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A stack of " + Project,
		"description": "Generated from the declarations of the settings: go test ./stack -run Generated -update",
		"type":        "object", "additionalProperties": false,
		"properties": object{
			"config": object{"type": "object", "properties": config, "propertyNames": object{"anyOf": []object{
				{"enum": names}, {"pattern": "^(" + strings.Join(providers, "|") + "):"},
			}}},
			"encryptionsalt": text, "encryptedkey": text, "secretsprovider": text, "environment": object{},
		},
		"$defs": object{"secure": object{
			"type": "object", "properties": object{"secure": text}, "required": []string{"secure"},
			"additionalProperties": false,
		}},
	}
}

func TestSchemaIsGenerated(t *testing.T) {
	encoded := &strings.Builder{}
	encoder := json.NewEncoder(encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(readComments(t).stackFile()); err != nil {
		t.Fatal(err)
	}
	checkGenerated(t, schemaFile, encoded.String())
}
