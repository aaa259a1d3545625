package drift

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// owners are the managers of the fields of a live object.
type owners struct {
	paths    []path // in the order of managedFields
	managers map[string][]string
}

// key makes a path comparable.
func (p path) key() string { return strings.Join(p, "\x00") }

// readOwners reads the managedFields of an object.
func readOwners(live *unstructured.Unstructured) (*owners, error) {
	o := &owners{managers: map[string][]string{}}
	for _, entry := range live.GetManagedFields() {
		if entry.FieldsV1 == nil || entry.Subresource == "status" {
			continue
		}
		set := &fieldpath.Set{}
		if err := set.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
			return nil, err
		}
		for owned := range set.All() {
			at, ok := locate(live.Object, owned)
			if !ok {
				continue // managedFields are older than the object
			}
			if o.managers[at.key()] == nil {
				o.paths = append(o.paths, at)
			}
			o.managers[at.key()] = append(o.managers[at.key()], entry.Manager)
		}
	}
	return o, nil
}

// of returns the managers of a field, or of the innermost field around it that has any.
func (o *owners) of(at path) []string {
	for ; len(at) > 0; at = at[:len(at)-1] {
		if managers := o.managers[at.key()]; managers != nil {
			return managers
		}
	}
	return nil
}

// addedByHand lists the outermost fields that only kubectl set and Helm did not render. What kubectl notes for itself
// is none, and a claim may be one that was restored from a snapshot.
func (o *owners) addedByHand(rendered, live *unstructured.Unstructured) []difference {
	if live.GetKind() == "PersistentVolumeClaim" {
		return nil
	}
	var added []difference
	slices.SortFunc(o.paths, slices.Compare)
	for _, at := range o.paths {
		_, isRendered := lookup(rendered.Object, at)
		within := len(added) > 0 && strings.HasPrefix(at.key()+"\x00", added[len(added)-1].path.key()+"\x00")
		byHand := !slices.ContainsFunc(o.managers[at.key()], func(m string) bool { return !isKubectl(m) })
		if isRendered || within || !byHand || strings.HasPrefix(at[len(at)-1], "kubectl.kubernetes.io/") {
			continue
		}
		value, _ := lookup(live.Object, at)
		added = append(added, difference{at, nil, value})
	}
	return added
}

// areControllers reports whether controllers alone manage a field.
func (c *comparer) areControllers(managers []string) bool {
	return len(managers) > 0 && !slices.ContainsFunc(managers, func(m string) bool { return !c.isController(m) })
}

func (c *comparer) isController(manager string) bool {
	name := strings.ToLower(manager)
	named := func(part string) bool { return strings.Contains(name, part) }
	return !isKubectl(name) && (c.controllers[manager] ||
		slices.ContainsFunc([]string{"controller", "operator", "injector"}, named))
}

// isKubectl reports whether a manager is a person's: kubectl-edit, kubectl-patch, kubectl-set and so on, and kubectl
// for scale.
func isKubectl(manager string) bool { return strings.HasPrefix(manager, "kubectl") }

// locate names a path of managedFields as this package does, by the elements that the live object has.
func locate(value any, owned fieldpath.Path) (path, bool) {
	var at path
	for _, e := range owned {
		switch {
		case e.FieldName != nil:
			m, ok := value.(map[string]any)
			if !ok || m[*e.FieldName] == nil {
				return nil, false
			}
			at, value = at.with(*e.FieldName), m[*e.FieldName]
		default:
			list, ok := value.([]any)
			index := slices.IndexFunc(list, func(candidate any) bool { return matches(e, candidate) })
			if e.Index != nil {
				index = *e.Index
			}
			if !ok || index < 0 || index >= len(list) {
				return nil, false
			}
			at, value = at.with(element(list, index)), list[index]
		}
	}
	return at, len(at) > 0
}

// matches reports whether an element of a list is the one that managedFields mean by its value or its keys.
func matches(e fieldpath.PathElement, candidate any) bool {
	if e.Value != nil {
		return fmt.Sprint((*e.Value).Unstructured()) == fmt.Sprint(candidate)
	}
	m, ok := candidate.(map[string]any)
	if e.Key == nil || !ok {
		return false
	}
	for _, field := range *e.Key {
		if fmt.Sprint(field.Value.Unstructured()) != fmt.Sprint(m[field.Name]) {
			return false
		}
	}
	return true
}
