package digitalocean

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// place is where an object is in the inputs: as the program says it, and as Terraform does, where an object is the only
// element of a list.
type place struct {
	path, terraform string // with a separator at the end, unless it is a set
	set             bool   // the program's words have no place for the elements of a set
}

// of is the place of a property.
func (p place) of(key string) (path, terraform string) {
	if p.set {
		return p.path, p.terraform + snake(key)
	}
	return p.path + key, p.terraform + snake(key)
}

// objects are those of a property, with their places.
func (f field) objects(path, terraform string, value any) map[place]map[string]any {
	found := map[place]map[string]any{}
	if object, ok := value.(map[string]any); ok {
		found[place{path: path + ".", terraform: terraform + ".0."}] = object
	}
	list, _ := value.([]any)
	for i, element := range list {
		object, _ := element.(map[string]any)
		at := place{path: fmt.Sprintf("%s[%d].", path, i),
			terraform: fmt.Sprintf("%s.%d.", strings.TrimSuffix(terraform, "s"), i)}
		if f.set {
			at.path, at.set = path, true
		}
		found[at] = object
	}
	return found
}

// failures finds what is wrong with inputs.
func (s schema) failures(name string, at place, inputs map[string]any) []plugin.CheckFailure {
	var found []plugin.CheckFailure
	fail := func(path, reason string) {
		found = append(found, plugin.CheckFailure{Reason: fmt.Sprintf("%s. Examine values at '%s.%s'.", reason, name, path)})
	}
	for _, key := range keysOf(inputs) {
		f, known := s[key]
		path, terraform := at.of(key)
		switch {
		case key == defaults:
		case !known:
			fail(path, "Invalid or unknown key")
		case f.object != nil:
			for inside, object := range f.objects(path, terraform, inputs[key]) {
				found = append(found, f.object.failures(name, inside, object)...)
			}
		case f.valid != nil && !isUnknown(inputs[key]):
			if wrong := f.valid(inputs[key]); wrong != "" {
				fail(path, fmt.Sprintf(wrong, terraform))
			}
		}
	}
	for _, key := range keysOf(anyMap(s)) {
		if path, terraform := at.of(key); s[key].required && inputs[key] == nil {
			fail(path, fmt.Sprintf("Missing required argument. The argument %q is required, but no definition was found.",
				terraform))
		}
	}
	return found
}

// snake is Terraform's name of a property.
func snake(key string) string {
	var b strings.Builder
	for _, r := range key {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
