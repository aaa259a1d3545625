package chartlint

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"doks-security/charts/pods"
)

// sidecar is one of Grafana's, which turns ConfigMaps into files.
type sidecar struct {
	namespace       string // in which it looks; ALL for everywhere
	label, value    string
	folder          string // annotation with the directory
	uniqueFilenames bool
}

// findSidecar reads it from Grafana's pod: the one with such a name, nil when there is none.
func (x *index) findSidecar(name string) *sidecar {
	for _, w := range x.workloads {
		for _, c := range w.Containers() {
			if !strings.HasSuffix(c.Name, name) {
				continue
			}
			s := &sidecar{namespace: w.GetNamespace()}
			for _, e := range c.Env {
				switch e.Name {
				case "LABEL":
					s.label = e.Value
				case "LABEL_VALUE":
					s.value = e.Value
				case "NAMESPACE":
					s.namespace = cmp.Or(e.Value, s.namespace)
				case "FOLDER_ANNOTATION":
					s.folder = e.Value
				case "UNIQUE_FILENAMES":
					s.uniqueFilenames = e.Value == "true"
				}
			}
			return s
		}
	}
	return nil
}

func (s *sidecar) sees(o *Object) bool {
	value, ok := o.GetLabels()[s.label]
	return ok && (s.value == "" || value == s.value) &&
		(s.namespace == "ALL" || slices.Contains(strings.Split(s.namespace, ","), o.GetNamespace()))
}

// file is where a ConfigMap's key ends up.
func (s *sidecar) file(o *Object, key string) string {
	if s.uniqueFilenames {
		key = fmt.Sprintf("namespace_%s.configmap_%s.%s", o.GetNamespace(), o.GetName(), key)
	}
	return path.Join(o.GetAnnotations()[s.folder], key)
}

// dashboard is what Grafana knows one by.
type dashboard struct {
	UID    string `json:"uid"`
	Title  string `json:"title"`
	Panels []any  `json:"panels"`
	Rows   []any  `json:"rows"`
}

// Dashboards finds dashboards that Grafana's sidecar does not see, that overwrite each other, or that ask a data source
// that is not there.
func Dashboards(objects []*Object) []error {
	x, err := newIndex(objects)
	if err != nil {
		return []error{err}
	}
	watcher := x.findSidecar("sc-dashboard")
	sources, errs := x.dataSources()
	files, uids, titles := map[string]string{}, map[string]string{}, map[string]string{}
	for _, o := range objects {
		if o.GetKind() != "ConfigMap" {
			continue
		}
		data := content(o)
		for _, key := range slices.Sorted(maps.Keys(data)) {
			var d dashboard
			if !strings.HasSuffix(key, ".json") || json.Unmarshal([]byte(data[key]), &d) != nil ||
				len(d.Panels)+len(d.Rows) == 0 {
				continue
			}
			name := pods.ID(o) + " " + key
			if watcher == nil || !watcher.sees(o) {
				errs = append(errs, fmt.Errorf("%s: Grafana's sidecar does not see this dashboard", name))
				continue
			}
			folder := path.Dir(watcher.file(o, key))
			errs = append(errs, twice(files, watcher.file(o, key), name, "the file")...)
			errs = append(errs, twice(titles, folder+"/"+d.Title, name, "the title")...)
			if d.UID != "" {
				errs = append(errs, twice(uids, d.UID, name, "the uid")...)
			}
			for _, source := range asked(data[key]) {
				if !sources[source] {
					errs = append(errs, fmt.Errorf("%s asks the data source %q, which is not there", name, source))
				}
			}
		}
	}
	return errs
}

// twice remembers who has a name, and complains of the second.
func twice(seen map[string]string, name, owner, what string) []error {
	if first, ok := seen[name]; ok {
		return []error{fmt.Errorf("%s has %s of %s: %s", owner, what, first, name)}
	}
	seen[name] = owner
	return nil
}

// dataSources are those Grafana gets, by uid, name and type; their addresses are Addresses' business.
func (x *index) dataSources() (map[string]bool, []error) {
	sources := map[string]bool{"grafana": true, "-- Grafana --": true, "-- Mixed --": true, "__expr__": true}
	watcher := x.findSidecar("sc-datasources")
	var errs []error
	for _, o := range x.objects {
		if o.GetKind() != "ConfigMap" && o.GetKind() != "Secret" {
			continue
		}
		for key, text := range content(o) {
			var file struct {
				Datasources []struct {
					Name, UID, Type, URL string
				} `json:"datasources"`
			}
			if yaml.Unmarshal([]byte(text), &file) != nil || len(file.Datasources) == 0 {
				continue
			}
			if watcher == nil || !watcher.sees(o) {
				errs = append(errs, fmt.Errorf("%s %s: Grafana's sidecar does not see these data sources", pods.ID(o), key))
				continue
			}
			for _, d := range file.Datasources {
				sources[d.UID], sources[d.Name] = true, true
				if d.URL == "" {
					errs = append(errs, fmt.Errorf("%s %s: the data source %s has no address", pods.ID(o), key, d.Name))
				}
			}
		}
	}
	return sources, errs
}

var (
	sourceUID  = regexp.MustCompile(`"datasource":\s*\{[^{}]*"uid":\s*"([^"$]+)"`)
	sourceName = regexp.MustCompile(`"datasource":\s*"([^"$]+)"`)
)

// asked are the data sources a dashboard names; variables are chosen by whoever looks.
func asked(text string) []string {
	var all []string
	for _, pattern := range []*regexp.Regexp{sourceUID, sourceName} {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			all = append(all, match[1])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
