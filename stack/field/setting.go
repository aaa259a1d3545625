package field

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// Setting is a setting of a stack file. The field of a struct declares it, with its comment as description and these
// tags:
//
//	json:"retention"         its key
//	default:"3d"             its value when the stack file has none; {stack} is the stack's name, {cluster.name} the
//	                         value of another setting
//	prod:"30d"               its default in the profile of this name
//	enum:"volume,spaces"     the values that are allowed
//	min:"1" max:"512"        limits of an integer; unit:"GiB" is for people
//	maxLength:"255"          limit of a string
//	minItems:"1"             limit of a list
//	format:"region"          the name of a Format: of the value, or of the elements of a list or a map
//	keys:"labelKey"          the name of a Format: of the keys of a map
//	required:"true"          its object is refused without it
//	secret:"true"            it is refused in plain text
//	example:"2d"             a value that is not the default: for people, and for tests that change or fuzz settings
//
// A string without default that is not required may be empty, which means not set.
type Setting struct {
	Key              string
	Name             string       // of the field
	In               reflect.Type // the struct that declares it, which another may embed
	Type             reflect.Type
	Required, Secret bool
	Example          string
	Format, Keys     Format

	index []int
	tag   reflect.StructTag
}

// Settings are those that a struct type declares, in their order, with those of the structs that it embeds.
func (f Formats) Settings(t reflect.Type) []Setting {
	var all []Setting
	for _, declared := range reflect.VisibleFields(t) {
		tag := declared.Tag
		s := Setting{
			Key: tag.Get("json"), Name: declared.Name, Type: declared.Type, index: declared.Index, tag: tag, In: t,
			Required: tag.Get("required") == "true", Secret: tag.Get("secret") == "true",
			Example: tag.Get("example"),
		}
		if s.Key == "" {
			continue
		}
		for _, i := range s.index[:len(s.index)-1] {
			s.In = s.In.Field(i).Type
		}
		s.Format, s.Keys = f.named(tag.Get("format")), f.named(tag.Get("keys"))
		if enum, ok := tag.Lookup("enum"); ok {
			s.Format.Enum = strings.Split(enum, ",")
		}
		if unit, ok := tag.Lookup("unit"); ok {
			s.Format.Unit = unit
		}
		for name, limit := range map[string]*int{
			"min": &s.Format.Min, "max": &s.Format.Max, "maxLength": &s.Format.MaxLength, "minItems": &s.Format.MinItems,
		} {
			if text, ok := tag.Lookup(name); ok {
				*limit = must(strconv.Atoi(text))
			}
		}
		all = append(all, s)
	}
	return all
}

// named panics for a name that is no format: the tag is wrong, and every test of settings fails.
func (f Formats) named(name string) Format {
	format, ok := f[name]
	if name != "" && !ok {
		panic("no format " + name)
	}
	return format
}

func must(number int, err error) int {
	if err != nil {
		panic(err)
	}
	return number
}

// Default is the default's text in a profile; elements of a list are separated by commas.
func (s Setting) Default(profile string) (string, bool) {
	if text, ok := s.tag.Lookup(profile); ok {
		return text, true
	}
	return s.tag.Lookup("default")
}

// parse makes a JSON value of a default's text.
func (s Setting) parse(text string) any {
	switch s.Type.Kind() {
	case reflect.Bool:
		return text == "true"
	case reflect.Int:
		return json.Number(text)
	case reflect.Slice:
		return strings.Split(text, ",")
	}
	return text
}

// derived reports whether a default is made of other settings.
func derived(text string) bool { return strings.Contains(text, "{") }

// Derive sets the settings below root, a pointer to a struct, that are empty and whose default names others. Such a
// default stays empty as long as one of those is.
func (f Formats) Derive(root any, profile string) {
	f.derive(reflect.ValueOf(root).Elem(), reflect.ValueOf(root).Elem(), profile)
}

func (f Formats) derive(root, object reflect.Value, profile string) {
	for _, s := range f.Settings(object.Type()) {
		value := object.FieldByIndex(s.index)
		text, _ := s.Default(profile)
		switch {
		case value.Kind() == reflect.Struct:
			f.derive(root, value, profile)
		case value.Kind() == reflect.String && value.Len() == 0 && derived(text):
			before, rest, _ := strings.Cut(text, "{")
			path, after, _ := strings.Cut(rest, "}")
			if other := f.lookup(root, path); other.IsValid() && other.Len() > 0 {
				value.SetString(before + other.String() + after)
			}
		}
	}
}

// Int is the integer at a path such as logging.volumeGiB below root, a pointer to a struct; 0 without one.
func (f Formats) Int(root any, path string) int {
	if value := f.lookup(reflect.ValueOf(root).Elem(), path); value.IsValid() && value.CanInt() {
		return int(value.Int())
	}
	return 0
}

// lookup is the value at a path such as cluster.name; the zero Value without one.
func (f Formats) lookup(object reflect.Value, path string) reflect.Value {
	first, rest, nested := strings.Cut(path, ".")
	for _, s := range f.Settings(object.Type()) {
		switch value := object.FieldByIndex(s.index); {
		case s.Key != first:
		case nested:
			return f.lookup(value, rest)
		default:
			return value
		}
	}
	return reflect.Value{}
}
