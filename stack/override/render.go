package override

import (
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/pod-security-admission/api"

	"doks-security/charts/chartfile"
	"doks-security/charts/pods"
	"doks-security/stack/field"
	"doks-security/values"
)

// Rendering is how a release is rendered.
type Rendering struct {
	Archive string // of its chart
	Target  chartfile.Target
	Base    map[string]any              // its values without the file
	Levels  map[string]api.LevelVersion // of Pod Security, by the name of a namespace of the release
	Names   values.Namespaces           // of the stack's namespaces
	// Claims are those that it has without the file: they say which setting sizes a claim.
	Claims []values.Claim
}

// Render renders the release with the file and without, and refuses what the chart does not render, and objects that
// only the file adds and that open the stack or that its namespaces refuse. It returns what the release requests and
// claims with the file.
func (f File) Render(r Rendering, errs *field.Errors) (values.Rendered, error) {
	without, err := r.render(r.Base)
	if err != nil {
		return values.Rendered{}, err // no error of the file
	}
	with, err := r.render(f.Over(r.Base))
	if err != nil {
		errs.Add(f.key("rendered"), json.Number("values that the chart refuses"), err.Error(), "correct them, or remove them")
		return values.Rendered{}, nil
	}
	before, err := findings(without, r.Levels)
	if err != nil {
		return values.Rendered{}, err
	}
	after, err := findings(with, r.Levels)
	if err != nil {
		errs.Add(f.key("rendered"), json.Number("objects that cannot be read"), err.Error(),
			"correct the values of these objects")
		return values.Rendered{}, nil
	}
	for _, found := range added(before, after) {
		errs.Add(f.key("rendered"), json.Number(found.what), found.allowed, "remove the values that make it")
	}
	return r.measure(with)
}

// Over lays the file's values over a release's, which are last.
func (f File) Over(base map[string]any) map[string]any { return values.Merge(base, f.Values) }

// Addon renders a release of the user's own without overrides, and refuses what the chart does not render, what its
// namespace refuses, and what opens the stack or its node, unless reviewed has it. key names the release in errors. It
// returns what the release requests and claims, and the images of those of its pods that may talk to the API server.
func (r Rendering) Addon(key string, reviewed []values.Reviewed, errs *field.Errors) (Addon, error) {
	objects, err := r.render(r.Base)
	if err != nil {
		errs.Add(key+": rendered", json.Number("values that the chart refuses"), err.Error(),
			"correct "+key+"/values.yaml")
		return Addon{}, nil
	}
	found, err := findings(objects, r.Levels)
	if err != nil {
		errs.Add(key+": rendered", json.Number("objects that cannot be read"), err.Error(),
			"correct the values of these objects")
		return Addon{}, nil
	}
	r.review(key, found, reviewed, errs)
	a := Addon{}
	if a.Rendered, err = r.measure(objects); err == nil {
		a.Images, err = pods.APIClients(objects)
	}
	return a, err
}

// Addon is what a release of the user's own is made of.
type Addon struct {
	Rendered values.Rendered
	Images   []string // repositories
}

// review refuses findings that are not reviewed, and reviewed ones that are not found.
func (r Rendering) review(key string, found []finding, reviewed []values.Reviewed, errs *field.Errors) {
	for _, f := range found {
		accepted := func(entry values.Reviewed) bool { return entry.Finding == f.what }
		switch {
		case f.final:
			errs.Add(key+": rendered", json.Number(f.what), f.allowed, "change the values that make it, or its namespace's "+
				"podSecurity in "+key+"/chart.yaml")
		case !slices.ContainsFunc(reviewed, accepted):
			errs.Add(key+": rendered", json.Number(f.what), f.allowed, fmt.Sprintf(
				"change the values that make it; or accept it, in %s/reviewed.yaml: - {finding: %q, why: <reason>}", key, f.what))
		}
	}
	for _, entry := range reviewed {
		if !slices.ContainsFunc(found, func(f finding) bool { return f.what == entry.Finding }) {
			errs.Add(key+"/reviewed.yaml: finding", entry.Finding, "what the chart renders, and is refused otherwise",
				"remove the entry")
		}
	}
}

func (r Rendering) render(given map[string]any) ([]*unstructured.Unstructured, error) {
	text, err := json.Marshal(given) // numbers as Helm reads them
	if err != nil {
		return nil, err
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, err
	}
	chart, err := chartfile.Load(r.Archive)
	if err != nil {
		return nil, err
	}
	objects, err := chartfile.Render(chart, r.Target, plain)
	if err != nil {
		return nil, err
	}
	operated, err := pods.Operated(objects)
	return slices.Concat(objects, operated), err
}

// measure counts what objects request and claim, as values/rendered.yaml has it.
func (r Rendering) measure(objects []*unstructured.Unstructured) (values.Rendered, error) {
	demand, err := pods.Measure(objects)
	if err != nil {
		return values.Rendered{}, err
	}
	for i := range demand.Claims {
		claim := &demand.Claims[i]
		role, found := r.Names.RoleOf(claim.Namespace)
		if !found {
			return values.Rendered{}, fmt.Errorf("%s claims %s in the namespace %s, which is not the stack's",
				r.Target.Release, claim.Name, claim.Namespace)
		}
		claim.Namespace = role
		same := func(known values.Claim) bool { return known.Name == claim.Name && known.Namespace == role }
		if known := slices.IndexFunc(r.Claims, same); known >= 0 && r.Claims[known].Setting != "" {
			claim.Setting, claim.GiB = r.Claims[known].Setting, 0
		}
	}
	return demand.Rendered, nil
}
