package chartlint

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/charts/chartfile"
	"doks-security/stack"
	"doks-security/test/digitalocean"
	"doks-security/test/program"
	"doks-security/values"
)

// Object is a Kubernetes object as it would reach the API server.
type Object = unstructured.Unstructured

// Release is a Helm release and what it renders.
type Release struct {
	program.Release
	Objects []*Object
}

// Set is everything one environment puts into its cluster.
type Set struct {
	Settings stack.Settings
	Releases []Release
	// Objects are the program's, the releases', and those that Kubernetes, DOKS and operators add.
	Objects []*Object
}

// Own are the objects without those of addons' charts: what they may do is reviewed in their folders, which the program
// checks, and which metrics their rules may read is not known here.
func (s *Set) Own() []*Object {
	foreign := map[*Object]bool{}
	for _, r := range s.Releases {
		for _, o := range r.Objects {
			foreign[o] = strings.HasPrefix(r.Chart.File, values.AddonsDir+"/")
		}
	}
	return slices.DeleteFunc(slices.Clone(s.Objects), func(o *Object) bool { return foreign[o] })
}

// Versions are the oldest and the newest minor of Kubernetes we support.
func Versions() []string {
	return []string{fmt.Sprintf("1.%d", stack.OldestMinor), digitalocean.NewestMinor()}
}

// Renderer renders releases, each only once.
type Renderer struct {
	load     func(values.Chart) (*chart.Chart, error)
	rendered map[string][]*Object
}

// NewRenderer takes charts from load: fakecharts.New, or the method of fakecharts.Archives.
func NewRenderer(load func(values.Chart) (*chart.Chart, error)) *Renderer {
	return &Renderer{load: load, rendered: map[string][]*Object{}}
}

// Render renders an installation for a version of Kubernetes.
func (r *Renderer) Render(i *program.Installation, kubernetes string) (*Set, error) {
	s := &Set{Settings: i.Settings, Objects: slices.Clone(i.Objects)}
	for _, release := range i.Releases {
		objects, err := r.Release(release, kubernetes)
		if err != nil {
			return nil, err
		}
		s.Releases = append(s.Releases, Release{release, objects})
		s.Objects = append(s.Objects, objects...)
	}
	var err error
	s.Objects, err = Complete(s.Objects)
	return s, err
}

// Release renders one release.
func (r *Renderer) Release(release program.Release, kubernetes string) ([]*Object, error) {
	text, err := json.Marshal(release)
	if err != nil {
		return nil, err
	}
	key := kubernetes + string(text)
	if objects, ok := r.rendered[key]; ok {
		return objects, nil
	}
	c, err := r.load(release.Chart) // again: rendering changes a chart
	if err != nil {
		return nil, err
	}
	objects, err := chartfile.Render(c, chartfile.Target{Release: release.Name, Namespace: release.Namespace,
		Kubernetes: kubernetes}, release.Values)
	if err != nil {
		return nil, err
	}
	r.rendered[key] = objects
	return objects, nil
}
