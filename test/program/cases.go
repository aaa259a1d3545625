package program

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"doks-security/stack"
	"doks-security/values"
)

// Fixtures is the directory of the stack files that tests use, below the project's: dev, staging and prod. The
// project's own are the user's to change and to remove.
const Fixtures = "stack/testdata/environments"

// Overrides is the directory of the stack file "custom", which has overrides.
const Overrides = "stack/testdata/overrides"

// Case is an environment, with settings laid over its stack file.
type Case struct {
	Name, Stack string
	// of the stack file, below the project's directory: Fixtures, or empty for the project's own
	Dir      string
	Settings map[string]any // by key without the project's name
	// Addons is a directory of addons, below the project's directory; empty: addons/ next to the stack file.
	Addons string
	// Charts is the directory of the archives that addons and overrides are checked with; empty: stand-ins, which take any
	// value.
	Charts string
}

// read reads the case's stack file.
func (c Case) read(root string) (stack.File, error) {
	name := "Pulumi." + c.Stack + ".yaml"
	text, err := os.ReadFile(filepath.Join(root, c.Dir, name))
	if err != nil {
		return nil, fmt.Errorf("reading the stack file: %w", err)
	}
	return stack.ReadFile(name, text)
}

// Fixture is a case of one of the Fixtures.
func Fixture(name string, settings map[string]any) Case {
	return Case{Name: name, Stack: name, Dir: Fixtures, Settings: settings}
}

// SameFixture is the fixture that sets what the stack file of a case sets, or empty if there is none.
func SameFixture(root string, c Case) (string, error) {
	own, err := c.read(root)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"dev", "staging", "prod"} {
		fixture, err := Fixture(name, nil).read(root)
		if err != nil {
			return "", err
		}
		if reflect.DeepEqual(own, fixture) {
			return name, nil
		}
	}
	return "", nil
}

// StackFiles are the project's own environments, a case for each stack file in its directory. Those of a
// cluster that others manage are left out: it is not here.
func StackFiles(root string) ([]Case, error) {
	files, err := filepath.Glob(filepath.Join(root, "Pulumi.*.yaml"))
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, file := range files {
		name := filepath.Base(file)
		c := Case{Name: name, Stack: strings.TrimSuffix(strings.TrimPrefix(name, "Pulumi."), ".yaml")}
		config, err := c.read(root)
		if err != nil {
			return nil, err
		}
		cluster, _ := config[stack.Project+":cluster"].(map[string]any)
		if cluster["existing"] == nil && cluster["kubeconfig"] == nil {
			all = append(all, c)
		}
	}
	return all, nil
}

// WithAddons are those of StackFiles that enable addons.
func WithAddons(root string) ([]Case, error) {
	own, err := StackFiles(root)
	return slices.DeleteFunc(own, func(c Case) bool {
		config, err := c.read(root)
		addons, _ := config[stack.Project+":addons"].(map[string]any)
		return err == nil && addons["enabled"] == nil
	}), err
}

// larger are nodes on which every option of dev has room.
var larger = map[string]any{"pools": []any{map[string]any{"name": "default", "size": "s-4vcpu-8gb", "count": 3}}}

// elsewhere are settings that send events, logs and metrics to other stores, and pools that are no room for the stack.
func elsewhere() map[string]any {
	type m = map[string]any
	encrypted := func() any { return m{"secure": "v1:ciphertext"} }
	taints := []any{m{"key": "dedicated", "value": "jobs", "effect": "NoSchedule"}}
	return m{
		"cluster": m{"vpc": "default", "storageClass": "do-block-storage-xfs", "pools": []any{
			m{"name": "default", "size": "s-4vcpu-8gb", "count": 3, "tags": []any{"team"}},
			m{"name": "none", "size": "c-4", "autoScale": m{"min": 0, "max": 2}, "taints": taints},
			m{"name": "small", "size": "s-1vcpu-2gb", "count": 1, "taints": taints},
		}},
		"runtimeSecurity": m{"outputs": m{
			"splunk": m{"host": "https://splunk.example.org", "token": encrypted(), "minimumpriority": "warning"},
			"loki":   m{"hostport": "https://logs.example.org", "tenant": "team-a"},
			"aws":    m{"region": "eu-west-1", "secretaccesskey": encrypted(), "s3": m{"bucket": "falco"}},
		}},
		"forward": m{
			"metrics": m{"url": "https://metrics.example.org/push", "bearerToken": encrypted(), "tenant": "team-a"},
			"logs":    m{"url": "https://logs.example.org/push", "username": "1", "password": encrypted()},
		},
	}
}

// Gateway is an exposure by Gateway, with all that identity providers and issuers require. Its secrets are
// encrypted, as in a stack file.
func Gateway() map[string]any {
	encrypted := func() any { return map[string]any{"secure": "v1:ciphertext"} }
	client := func(id string) map[string]any { return map[string]any{"clientId": id, "clientSecret": encrypted()} }
	return map[string]any{
		"mode": "gateway", "domain": "example.org", "allowedCIDRs": []any{"203.0.113.0/24", "198.51.100.7/32"},
		"certificates": map[string]any{"email": "operators@example.org", "dnsToken": encrypted()},
		"identity": map[string]any{
			"issuer": "https://id.example.org", "authorizationUrl": "https://id.example.org/authorize",
			"tokenUrl": "https://id.example.org/token", "userInfoUrl": "https://id.example.org/userinfo",
			"emailDomains": []any{"example.org"}, "groups": []any{"operators", "security"}, "adminGroups": []any{"operators"},
		},
		"clients": map[string]any{"grafana": client("grafana"), "falcosidekickUi": client("falcosidekick-ui")},
	}
}

// withoutClient is the same without a client of the identity provider.
func withoutClient(site string) map[string]any {
	exposure := Gateway()
	delete(exposure["clients"].(map[string]any), site)
	return exposure
}

// internal is an internal load balancer, with a site of an application and the domain at another DNS provider.
func internal() map[string]any {
	exposure := Gateway()
	exposure["records"], exposure["internal"] = false, true
	exposure["sites"] = []any{map[string]any{"hostname": "shop.example.org", "namespace": "shop"}}
	exposure["certificates"] = map[string]any{"email": "operators@example.org",
		"eab": map[string]any{"keyId": "first", "hmacKey": map[string]any{"secure": "v1:ciphertext"}},
		"dns": map[string]any{"provider": "route53", "options": map[string]any{"accessKeyID": "AKIA"},
			"secrets": map[string]any{"secretAccessKey": map[string]any{"secure": "v1:ciphertext"}}}}
	return exposure
}

// ownCertificate needs no issuer.
func ownCertificate() map[string]any {
	exposure := Gateway()
	exposure["certificates"] = map[string]any{"secretName": "web-tls"}
	return exposure
}

// overHTTP is the same with certificates by HTTP challenges, which everyone must reach.
func overHTTP() map[string]any {
	exposure := Gateway()
	exposure["allowedCIDRs"] = []any{"0.0.0.0/0"}
	exposure["certificates"] = map[string]any{"email": "operators@example.org", "challenge": "http"}
	return exposure
}

// ExampleSecrets are the keys of addons.secrets that the examples in values.ExampleAddonsDir need, encrypted as in a
// stack file.
func ExampleSecrets() map[string]map[string]any {
	encrypted := map[string]any{"secure": "v1:ciphertext"}
	return map[string]map[string]any{"external-dns": {"token": encrypted}, "velero": {"cloud": encrypted}}
}

// Example are the settings of an example in values.ExampleAddonsDir.
func Example(name string) map[string]any {
	settings := map[string]any{"enabled": []any{name}}
	if keys, ok := ExampleSecrets()[name]; ok {
		settings["secrets"] = map[string]any{name: keys}
	}
	return settings
}

// Cases are the three Fixtures as they are, each option where it is not the default, a stack with overrides, and ones
// with an addon.
func Cases() []Case {
	type m = map[string]any
	exporter := m{"runtimeSecurity": m{"metrics": "falco-exporter"}}
	demo := m{"virtualClusters": m{"demo": true, "approved": []any{m{"namespace": "team-a"}, m{"namespace": "team-b"}}}}
	all := []Case{
		{Name: "dev", Stack: "dev"},
		{Name: "staging", Stack: "staging"},
		{Name: "prod", Stack: "prod"},
		{Name: "dev with falco-exporter", Stack: "dev", Settings: exporter},
		{Name: "dev with the demo, approved namespaces and a response", Stack: "dev",
			Settings: m{"virtualClusters": demo["virtualClusters"], "cluster": larger, "response": m{"enabled": true}}},
		{Name: "dev on Spaces", Stack: "dev", Settings: m{"logging": m{"storage": "spaces"}, "cluster": larger}},
		{Name: "dev on Spaces from a day", Stack: "dev",
			Settings: m{"logging": m{"storage": "spaces", "spaces": m{"from": "2099-01-01"}}, "cluster": larger}},
		{Name: "prod with falco-exporter", Stack: "prod", Settings: exporter},
		{Name: "dev by Gateway", Stack: "dev", Settings: m{"exposure": overHTTP()}},
		{Name: "prod by Gateway", Stack: "prod", Settings: m{"exposure": Gateway()}},
		{Name: "prod on volumes, with the demo and a response", Stack: "prod",
			Settings: m{"logging": m{"storage": "volume"}, "virtualClusters": demo["virtualClusters"],
				"response": m{"enabled": true, "dryRun": false}}},
		{Name: "dev without logging and the UI", Stack: "dev",
			Settings: m{"logging": m{"enabled": false}, "runtimeSecurity": m{"ui": false}}},
		{Name: "dev without Falco and Grafana", Stack: "dev",
			Settings: m{"runtimeSecurity": m{"enabled": false}, "observability": m{"grafana": false}}},
		{Name: "dev by an internal Gateway, with a site and another DNS provider", Stack: "dev",
			Settings: m{"exposure": internal()}},
		{Name: "dev by Gateway, with its own certificate", Stack: "dev", Settings: m{"exposure": ownCertificate()}},
		{Name: "dev with captures", Stack: "dev",
			Settings: m{"runtimeSecurity": m{"capture": m{"rules": []any{"Terminal shell in container"}}}}},
		{Name: "dev with applications", Stack: "dev", Settings: m{"observability": m{"applications": []any{"shop", "team"}}}},
		{Name: "dev by Gateway, without the UI", Stack: "dev",
			Settings: m{"runtimeSecurity": m{"ui": false}, "exposure": withoutClient("falcosidekickUi")}},
	}
	all = append(all, Case{Name: "dev that forwards everything, with other pools", Stack: "dev", Settings: elsewhere()})
	for i := range all {
		all[i].Dir = Fixtures
	}
	for _, stack := range []string{"dev", "prod"} {
		all = append(all, Case{Name: stack + " with an addon", Stack: stack, Dir: Fixtures,
			Addons: values.ExampleAddonsDir, Settings: m{"addons": Example("external-dns")}})
	}
	all = append(all, Case{Name: "dev with backups", Stack: "dev", Dir: Fixtures, Addons: values.ExampleAddonsDir,
		Settings: m{"addons": Example("velero"), "cluster": larger}})
	all = append(all, Case{Name: "dev with scanning", Stack: "dev", Dir: Fixtures, Addons: values.ExampleAddonsDir,
		Settings: m{"addons": Example("trivy-operator")}})
	return append(all, Case{Name: "dev with overrides", Stack: "custom", Dir: Overrides})
}
