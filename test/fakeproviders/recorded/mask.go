package recorded

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"gopkg.in/yaml.v3"
)

// masker replaces what is different in each run. The same identifier is always the same mask.
type masker struct {
	world World
	known map[string]string
}

func newMasker(w World) *masker { return &masker{world: w, known: map[string]string{}} }

var (
	identifier = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	times      = regexp.MustCompile(`\b20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4} UTC)?`)
	address    = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	// resolved is why a name does not resolve: which server says so, and how, is of this machine.
	resolved = regexp.MustCompile(`\blookup ([^ :]+)[^;]*;`)
	// apiMessage is what the API says after a status: the provider only passes it on.
	apiMessage = regexp.MustCompile(`(\{world\}[^:]*: \d{3}) .*`)
	manager    = regexp.MustCompile(`pulumi-kubernetes-[0-9a-f]{8}`)
	// chosen is the suffix of a name that a provider chose.
	chosen = regexp.MustCompile(`\bdrill-[0-9a-f]{7}\b`)
	space  = regexp.MustCompile(`\s+`)
)

func (m *masker) text(s string) string {
	s = address.ReplaceAllString(m.world.Mask(s), "{address}")
	s = manager.ReplaceAllString(s, "{field manager}")
	s = resolved.ReplaceAllString(s, "lookup $1: {reason};")
	s = chosen.ReplaceAllString(s, "drill-xxxxxxx")
	s = times.ReplaceAllString(s, "{time}")
	return identifier.ReplaceAllStringFunc(s, func(id string) string {
		if m.known[id] == "" {
			m.known[id] = fmt.Sprintf("{id %d}", len(m.known)+1)
		}
		return m.known[id]
	})
}

func (m *masker) lines(texts []string) []any {
	list := []any{}
	for i, text := range texts {
		if i > 0 && text == texts[i-1] && strings.HasPrefix(text, http.MethodDelete) {
			continue // how often it is tried depends on the pace
		}
		list = append(list, m.text(text))
	}
	return list
}

func (m *masker) error(s string) string {
	s, _, _ = strings.Cut(s, "\n\n  - ") // advice
	s = space.ReplaceAllString(strings.TrimSpace(m.text(s)), " ")
	return apiMessage.ReplaceAllString(s, "$1 {message}")
}

// internal are properties by which the bridge of the published plugin keeps Terraform's own form of a state.
var internal = []resource.PropertyKey{"__pulumi_raw_state_delta", "__meta"}

// delta lists what is different in new: null for what is gone. The whole value of a key stands for a nested change.
func (m *masker) delta(old, new resource.PropertyMap) map[string]any {
	result := map[string]any{}
	for _, key := range new.StableKeys() { // masks count up
		value := new[key]
		if slices.Contains(internal, key) {
			continue
		}
		masked := m.property(key, value)
		if before, ok := old[key]; ok && reflect.DeepEqual(m.property(key, before), masked) {
			continue
		}
		result[string(key)] = masked
	}
	for key := range old {
		if _, ok := new[key]; !ok && !slices.Contains(internal, key) {
			result[string(key)] = "{gone}"
		}
	}
	return result
}

// volatile are properties that Kubernetes sets again with each change, and one that is null or false without effect.
var volatile = []resource.PropertyKey{"resourceVersion", "managedFields", "expiredObjectDeleteMarker"}

func (m *masker) property(key resource.PropertyKey, v resource.PropertyValue) any {
	if slices.Contains(volatile, key) {
		return "{" + string(key) + "}"
	}
	if key == "nodes" && v.IsArray() { // each has a name that the API makes up
		return fmt.Sprintf("{%d nodes}", len(v.ArrayValue()))
	}
	return m.value(v)
}

// value renders a property, with secrets and unknowns as such.
func (m *masker) value(v resource.PropertyValue) any {
	switch {
	case v.IsSecret():
		return map[string]any{"secret": m.value(v.SecretValue().Element)}
	case v.IsComputed(), v.IsOutput():
		return "{unknown}"
	case v.IsString():
		return m.document(v.StringValue())
	case v.IsNumber():
		return v.NumberValue()
	case v.IsArray():
		list := []any{}
		for _, element := range v.ArrayValue() {
			list = append(list, m.value(element))
		}
		return list
	case v.IsObject():
		object := map[string]any{}
		for _, key := range v.ObjectValue().StableKeys() {
			object[string(key)] = m.property(key, v.ObjectValue()[key])
		}
		return object
	}
	return v.V
}

// document compares a kubeconfig by what it says, not by how it is written.
func (m *masker) document(text string) any {
	masked := m.text(text)
	if !strings.Contains(masked, "\nkind: Config\n") {
		return masked
	}
	var parsed any
	if err := yaml.Unmarshal([]byte(masked), &parsed); err != nil {
		return masked
	}
	return parsed
}

// describe adds a diff to an answer.
func describe(a map[string]any, d plugin.DiffResult) {
	a["changes"] = d.Changes == plugin.DiffSome
	if len(d.ReplaceKeys) > 0 {
		a["replaces"] = sorted(d.ReplaceKeys)
		a["delete before replace"] = d.DeleteBeforeReplace
	}
	details := map[string]any{}
	for path, change := range d.DetailedDiff {
		if strings.HasSuffix(path, ".expiredObjectDeleteMarker") {
			continue
		}
		details[path] = change.Kind.String()
	}
	if len(details) > 0 {
		a["details"] = details
	}
}

func sorted(keys []resource.PropertyKey) []any {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	list := []any{}
	for _, key := range slices.Compact(keys) {
		list = append(list, string(key))
	}
	return list
}
