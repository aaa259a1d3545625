package program

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/rehearsal/digitalocean"
	"doks-security/values"
)

// mocks stand in for the engine and the providers, and keep what goes into the cluster.
type mocks struct {
	mu       sync.Mutex
	releases []map[string]any
	objects  []*unstructured.Unstructured
	live     resource.PropertyMap // the cluster, once it is created
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
		m.live = resource.NewPropertyMapFromMap(map[string]any{
			"id": args.Name + "-id", "name": args.Inputs["name"].StringValue(), "version": args.Inputs["version"].StringValue(),
			"endpoint": "https://cluster.example.org", "kubeConfigs": []any{map[string]any{"rawConfig": "unused", "clusterCaCertificate": "Y2E="}},
		})
	case strings.HasPrefix(token, "kubernetes:"):
		if strings.HasSuffix(token, ":Gateway") {
			out["status"] = resource.NewPropertyValue(map[string]any{"addresses": []any{map[string]any{"value": "203.0.113.10"}}})
		}
		m.objects = append(m.objects, &unstructured.Unstructured{Object: plain(args.Inputs)})
	}
	return args.Name + "-id", out, nil
}

func (m *mocks) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch args.Token {
	case "digitalocean:index/getKubernetesCluster:getKubernetesCluster":
		if m.live == nil {
			return nil, errors.New("unable to find cluster with name")
		}
		return m.live, nil
	case "digitalocean:index/getDomain:getDomain":
		return args.Args, nil
	case "digitalocean:index/getKubernetesVersions:getKubernetesVersions":
		var valid []any
		for _, v := range digitalocean.Versions() {
			valid = append(valid, v)
		}
		return resource.NewPropertyMapFromMap(map[string]any{"validVersions": valid}), nil
	case "digitalocean:index/getSizes:getSizes":
		var sizes []any
		for _, s := range digitalocean.Sizes() {
			sizes = append(sizes, map[string]any{"slug": s.Slug, "priceMonthly": s.PriceMonthly})
		}
		return resource.NewPropertyMapFromMap(map[string]any{"sizes": sizes}), nil
	}
	return nil, errors.New("no such function: " + args.Token)
}

// pinned are the releases with their charts' pins.
func (m *mocks) pinned() ([]Release, error) {
	pins, err := values.Charts()
	if err != nil {
		return nil, err
	}
	var all []Release
	for _, inputs := range m.releases {
		r := Release{Name: inputs["name"].(string), Namespace: inputs["namespace"].(string)}
		r.Values, _ = inputs["values"].(map[string]any)
		for _, pin := range pins {
			if pin.Name == inputs["chart"] && pin.Version == inputs["version"] {
				r.Chart = pin
			}
		}
		if r.Chart.Name == "" {
			return nil, fmt.Errorf("release %s: values/charts.yaml pins no %v %v", r.Name, inputs["chart"], inputs["version"])
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
