package stack

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const referenceHead = `# Settings

Every setting of a stack file, ` + "`Pulumi.<stack>.yaml`" + `. Generated from their declarations.
Editors check stack files by [stack.schema.json](../schema/stack.schema.json);
[changing-settings.md](changing-settings.md) shows what a change does to a running stack.

- Set one with ` + "`pulumi config set --path '<setting>' <value>`" + `, or in the stack file below
  ` + "`" + Project + ":<section>`" + `. ` + "`[]`" + ` is an element of a list, ` + "`*`" + ` a key.
- *secret*: ` + "`pulumi config set --secret --path '<setting>'`" + `; in plain text it is refused.
- *required*: its object is refused without it.
- A default is that of both profiles unless it says prod; ` + "`<...>`" + ` is the stack's name or the value of
  another setting.
`

// reference is docs/settings.md.
func (c comments) reference() string {
	page := &strings.Builder{}
	page.WriteString(referenceHead)
	for _, d := range Declarations() {
		if d.In == reflect.TypeFor[Settings]() {
			fmt.Fprintf(page, "\n## %s\n\n%s\n\n| setting | type | default | allowed | what it does |\n|---|---|---|---|---|\n",
				d.Key, c.of(d.Setting))
			if d.Type.Kind() == reflect.Struct {
				continue
			}
		}
		c.row(page, d)
	}
	return page.String()
}

func (c comments) row(page *strings.Builder, d Declaration) {
	kind := typeText(d.Type)
	if d.Secret {
		kind = "secret"
	}
	if d.Required {
		kind += ", required"
	}
	allowed := d.Format.AllowedText()
	if names := d.Keys.AllowedText(); names != "" && names != allowed {
		allowed = "keys: " + names + "; values: " + allowed
	}
	cells := []string{"`" + d.Path + "`", kind, defaultText(d.Setting, "`"), allowed, c.of(d.Setting)}
	for i, cell := range cells {
		if i > 2 {
			cells[i] = strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*").Replace(cell)
		}
	}
	page.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func typeText(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeText(t.Elem())
	case reflect.Slice:
		return "list of " + typeText(t.Elem()) + "s"
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface {
			return "object"
		}
		return "object of " + typeText(t.Elem()) + "s"
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "integer"
	case reflect.Struct:
		return "object"
	}
	return "string"
}

// keys lists the keys of a type: name, pools [{name, size}].
func keys(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return keys(t.Elem())
	case reflect.Slice:
		if inner := keys(t.Elem()); inner != "" {
			return "[" + inner + "]"
		}
	case reflect.Struct:
		var all []string
		for _, s := range formats.Settings(t) {
			all = append(all, strings.TrimSpace(s.Key+" "+keys(s.Type)))
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	return ""
}

// projectConfig is what Pulumi.yaml has below config.
func (c comments) projectConfig() string {
	text := &strings.Builder{}
	t := reflect.TypeFor[Settings]()
	for _, s := range formats.Settings(t) {
		kind, value, description := typeText(s.Type), "{}", c.of(s)
		if s.Type.Kind() == reflect.Struct {
			list := keys(s.Type)
			description += " Settings: " + list[1:len(list)-1] + ". See docs/settings.md."
		} else {
			value, _ = s.Default(string(Dev))
		}
		fmt.Fprintf(text, "  %s:\n    type: %s\n    default: %s\n    description: >-\n", s.Key, kind, value)
		line := "     "
		for word := range strings.FieldsSeq(description) {
			if len(line)+1+len(word) > 118 {
				text.WriteString(line + "\n")
				line = "     "
			}
			line += " " + word
		}
		text.WriteString(line + "\n")
	}
	return text.String()
}

func TestReferenceIsGenerated(t *testing.T) {
	checkGenerated(t, "../docs/settings.md", readComments(t).reference())
}

func TestProjectFileIsGenerated(t *testing.T) {
	const file, begin = "../Pulumi.yaml", "\nconfig:\n"
	head, _, _ := strings.Cut(string(read(t, file)), begin)
	checkGenerated(t, file, head+begin+readComments(t).projectConfig())
}
