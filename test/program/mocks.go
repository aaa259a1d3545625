package program

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/charts"
	"doks-security/values"
)

// mocks stand in for the engine and the providers, and keep what goes into the cluster.
type mocks struct {
	mu       sync.Mutex
	releases []map[string]any
	objects  []*unstructured.Unstructured
}

func (m *mocks) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := args.Inputs.Copy()
	switch token := args.TypeToken; {
	case token == "kubernetes:helm.sh/v3:Release":
		m.releases = append(m.releases, plain(args.Inputs))
	case token == "random:index/randomPassword:RandomPassword":
		out["result"] = resource.MakeSecret(resource.NewProperty("generated"))
	case token == "digitalocean:index/spacesKey:SpacesKey":
		out["accessKey"], out["secretKey"] = resource.NewProperty("key"), resource.NewProperty("secret")
	case token == "digitalocean:index/kubernetesCluster:KubernetesCluster":
		out["clusterUrn"] = resource.NewProperty("do:kubernetes:" + args.Name)
	case strings.HasPrefix(token, "kubernetes:"):
		if strings.HasSuffix(token, ":Gateway") {
			out["status"] =
				resource.NewPropertyValue(map[string]any{"addresses": []any{map[string]any{"value": "203.0.113.10"}}})
		}
		m.objects = append(m.objects, &unstructured.Unstructured{Object: plain(args.Inputs)})
	}
	return args.Name + "-id", out, nil
}

func (m *mocks) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if args.Token != "pulumi:pulumi:readStackOutputs" {
		return nil, errors.New("no such function: " + args.Token)
	}
	return resource.PropertyMap{"outputs": resource.NewProperty(resource.PropertyMap{})}, nil
}

// pinned are the releases with their charts' pins.
func (m *mocks) pinned(project string) ([]Release, error) {
	pins, err := values.ProjectCharts(project)
	if err != nil {
		return nil, err
	}
	var all []Release
	for _, inputs := range m.releases {
		r := Release{Name: inputs["name"].(string), Namespace: inputs["namespace"].(string)}
		r.Values, _ = inputs["values"].(map[string]any)
		for _, pin := range pins {
			if charts.Path(pin) == inputs["chart"] && pin.Version == inputs["version"] {
				r.Chart = pin
			}
		}
		if r.Chart.Name == "" {
			return nil, fmt.Errorf("release %s: values/ pins no %v %v", r.Name, inputs["chart"], inputs["version"])
		}
		all = append(all, r)
	}
	return all, nil
}

// plain makes inputs what a provider gets to see: secrets unwrapped.
func plain(inputs resource.PropertyMap) map[string]any { return inputs.MapRepl(nil, unwrap) }

func unwrap(v resource.PropertyValue) (any, bool) {
	switch {
	case v.IsSecret():
		return v.SecretValue().Element.MapRepl(nil, unwrap), true
	case v.IsOutput():
		return v.OutputValue().Element.MapRepl(nil, unwrap), true
	}
	return nil, false
}
