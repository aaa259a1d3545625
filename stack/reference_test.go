package stack

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"doks-security/stack/field"
)

const referenceHead = `# Settings

Every setting of a stack file, ` + "`Pulumi.<stack>.yaml`" + `. Generated from their declarations. Editors check stack files by
[stack.schema.json](../schema/stack.schema.json); [changing-settings.md](changing-settings.md) shows what a change
does to a running stack.

- Set one with ` + "`pulumi config set --path '<setting>' <value>`" + `, or in the stack file below
  ` + "`" + Project + ":<section>`" + `. ` + "`[]`" + ` is an element of a list.
- *secret*: ` + "`pulumi config set --secret --path '<setting>'`" + `; in plain text it is refused.
- *required*: its object is refused without it.
- A default is that of both profiles unless it says prod; ` + "`<...>`" + ` is the stack's name or the value of
  another setting.
`

// reference is docs/settings.md.
func (c comments) reference() string {
	page := &strings.Builder{}
	page.WriteString(referenceHead)
	t := reflect.TypeFor[Settings]()
	for _, s := range formats.Settings(t) {
		fmt.Fprintf(page, "\n## %s\n\n%s\n\n| setting | type | default | allowed | what it does |\n|---|---|---|---|---|\n",
			s.Key, c.of(t, s))
		if s.Type.Kind() == reflect.Struct {
			c.rows(page, s.Type, s.Key)
		} else {
			c.row(page, t, s, s.Key)
		}
	}
	return page.String()
}

func (c comments) rows(page *strings.Builder, t reflect.Type, path string) {
	for _, s := range formats.Settings(t) {
		inner, at := s.Type, path+"."+s.Key
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct {
			if inner.Kind() == reflect.Slice {
				at += "[]"
			}
			inner = inner.Elem()
		}
		c.row(page, t, s, path+"."+s.Key)
		if inner.Kind() == reflect.Struct {
			c.rows(page, inner, at)
		}
	}
}

func (c comments) row(page *strings.Builder, t reflect.Type, s field.Setting, path string) {
	kind := typeText(s.Type)
	if s.Secret {
		kind = "secret"
	}
	if s.Required {
		kind += ", required"
	}
	allowed := s.Format.AllowedText()
	if s.Keys.AllowedText() != "" && s.Keys.AllowedText() != allowed {
		allowed = "keys: " + s.Keys.AllowedText() + "; values: " + allowed
	}
	cells := []string{"`" + path + "`", kind, defaultText(s, "`"), allowed, c.of(t, s)}
	for i, cell := range cells {
		if i > 0 {
			cells[i] = strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*").Replace(cell)
		}
	}
	cells[2] = strings.ReplaceAll(cells[2], "&lt;", "<") // in a code span
	page.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func typeText(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeText(t.Elem())
	case reflect.Slice:
		return "list of " + typeText(t.Elem()) + "s"
	case reflect.Map:
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
		kind, value, description := typeText(s.Type), "{}", c.of(t, s)
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

// Every setting has a description, and its defaults are allowed.
func TestDeclarationsAreComplete(t *testing.T) {
	readComments(t).complete(t, reflect.TypeFor[Settings](), "")
}

func (c comments) complete(t *testing.T, in reflect.Type, path string) {
	t.Helper()
	for in.Kind() == reflect.Pointer || in.Kind() == reflect.Slice {
		in = in.Elem()
	}
	if in.Kind() != reflect.Struct {
		return
	}
	for _, s := range formats.Settings(in) {
		if c.of(in, s) == "" {
			t.Errorf("%s has no comment, which describes it", path+s.Key)
		}
		for _, profile := range []Profile{Dev, Prod} {
			text, declared := s.Default(string(profile))
			if !declared || strings.Contains(text, "{") {
				continue
			}
			allowed := true
			switch s.Type.Kind() {
			case reflect.String:
				allowed = s.Format.Allows(text)
			case reflect.Int:
				number, err := strconv.Atoi(text)
				allowed = err == nil && number >= s.Format.Min && number <= s.Format.Max
			case reflect.Bool:
				allowed = text == "true" || text == "false"
			}
			if !allowed {
				t.Errorf("%s: the default %q of %s is not allowed", path+s.Key, text, profile)
			}
		}
		c.complete(t, s.Type, path+s.Key+".")
	}
}
