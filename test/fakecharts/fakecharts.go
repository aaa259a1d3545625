// Package fakecharts says what the program's other parts rely on in each Helm chart: names, ports, labels, requests,
// volumes. A contract is itself a small chart, in charts/: without the published charts it is installed in their place,
// and with them it is checked against what they render, so that both say the same.
package fakecharts

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/values"
)

//go:embed charts/_helpers.tpl charts/*.yaml
var files embed.FS

// ignored is what a contract only holds to be a valid object.
var ignored = map[string]bool{"image": true}

// unknown is the contract of the charts of users' own releases, where there is no other: this stack relies on nothing.
const unknown = "{apiVersion: v1, kind: ConfigMap, metadata: {name: {{ .Release.Name }}-stand-in}}\n"

// New makes the stand-in of a pinned chart.
func New(pin values.Chart) (*chart.Chart, error) {
	helpers, err := files.ReadFile("charts/_helpers.tpl")
	if err != nil {
		return nil, fmt.Errorf("reading contracts: %w", err)
	}
	template, err := files.ReadFile("charts/" + pin.Name + ".yaml")
	if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(pin.File, values.AddonsDir+"/") {
		template, err = []byte(unknown), nil
	}
	if err != nil {
		return nil, fmt.Errorf("chart %s has no contract: %w", pin.Name, err)
	}
	return &chart.Chart{
		Metadata: &chart.Metadata{
			APIVersion: chart.APIVersionV2, Name: pin.Name, Version: pin.Version, AppVersion: pin.AppVersion,
			Description: "Stand-in made from the contract of " + pin.Name,
		},
		Templates: []*chart.File{{Name: "templates/_helpers.tpl", Data: helpers},
			{Name: "templates/contract.yaml", Data: template}},
		Values: map[string]any{"standIn": true},
		Raw:    []*chart.File{{Name: chartutil.ValuesfileName, Data: []byte("standIn: true\n")}}, // what is saved of them
	}, nil
}

// WriteStandIns writes the stand-in of every pinned chart of values/ to dir, under the name of the published archive.
func WriteStandIns(dir string) error {
	pins, err := values.Charts()
	if err != nil {
		return err
	}
	return write(dir, pins)
}

// WriteStandInsOf is WriteStandIns for the project in root, with its addons and examples.
func WriteStandInsOf(root, dir string) error {
	pins, err := values.ProjectCharts(root)
	if err != nil {
		return err
	}
	return write(dir, pins)
}

func write(dir string, pins map[string]values.Chart) error {
	for _, pin := range pins {
		c, err := New(pin)
		if err != nil {
			return err
		}
		c.Schema = []byte(`{"additionalProperties": true}`) // it does not know which values the chart has
		if _, err := chartutil.Save(c, dir); err != nil {
			return fmt.Errorf("writing the stand-in of %s: %w", pin.Name, err)
		}
	}
	return nil
}

// Check compares what a chart renders with its contract, and says what is missing or different.
func Check(contract, rendered []*unstructured.Unstructured) []error {
	var errs []error
	for _, want := range contract {
		id := fmt.Sprintf("%s %s/%s", want.GetKind(), want.GetNamespace(), want.GetName())
		found := false
		for _, got := range rendered {
			if got.GetKind() == want.GetKind() && got.GetName() == want.GetName() && got.GetNamespace() == want.GetNamespace() {
				found = true
				for _, difference := range differences("", want.Object, got.Object) {
					errs = append(errs, fmt.Errorf("%s: %s", id, difference))
				}
			}
		}
		if !found {
			errs = append(errs, fmt.Errorf("%s is not rendered", id))
		}
	}
	return errs
}

// differences lists where got lacks something of want: maps may hold more, lists of named things too.
func differences(path string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: %v, want %v", path, got, want)}
		}
		var all []string
		for key, value := range want {
			switch {
			case ignored[key]:
			case strings.HasPrefix(key, "checksum/"): // restarts pods; of what exactly it is made is the chart's
				if _, ok := object[key]; !ok {
					all = append(all, path+"."+key+": missing")
				}
			default:
				all = append(all, differences(path+"."+key, value, object[key])...)
			}
		}
		return all
	case []any:
		list, _ := got.([]any)
		var all []string
		for _, element := range want {
			if match, ok := counterpart(element, list); !ok {
				all = append(all, fmt.Sprintf("%s: no %v in %v", path, element, got))
			} else {
				all = append(all, differences(path+"["+fmt.Sprint(name(element))+"]", element, match)...)
			}
		}
		return all
	case nil:
		return nil
	}
	// block scalars end in any number of newlines
	if strings.TrimSpace(fmt.Sprint(want)) != strings.TrimSpace(fmt.Sprint(got)) {
		return []string{fmt.Sprintf("%s: %v, want %v", path, got, want)}
	}
	return nil
}

// counterpart finds an element's equal by name, or by value where it has none.
func counterpart(element any, list []any) (any, bool) {
	for _, candidate := range list {
		if name(element) != nil {
			if name(candidate) == name(element) {
				return candidate, true
			}
		} else if len(differences("", element, candidate)) == 0 {
			return candidate, true
		}
	}
	return nil, false
}

// name is what lists of Kubernetes objects are keyed by.
func name(element any) any {
	object, ok := element.(map[string]any)
	if !ok {
		return nil
	}
	if n, ok := object["name"]; ok {
		return n
	}
	if meta, ok := object["metadata"].(map[string]any); ok {
		return meta["name"]
	}
	return nil
}
