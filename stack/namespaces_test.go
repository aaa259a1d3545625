package stack

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"doks-security/values"
)

func TestNamespacesByRole(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings NamespaceSettings
		prefix   string
		want     map[string]string // what differs from the role with the prefix
	}{
		{"nothing set", NamespaceSettings{}, "", nil},
		{"one name", NamespaceSettings{Names: map[string]string{"loki": "logs"}}, "", map[string]string{"loki": "logs"}},
		{"a name wins over the prefix", NamespaceSettings{Prefix: "obs-",
			Names: map[string]string{"monitoring": "monitoring", "loki": "logs"}},
			"obs-", map[string]string{"monitoring": "monitoring", "loki": "logs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := values.DefaultNamespaces()
			for role := range want {
				want[role] = c.prefix + role
			}
			maps.Copy(want, c.want)
			if got := c.settings.ByRole(); !maps.Equal(got, want) {
				t.Errorf("names %v, want %v", got, want)
			}
		})
	}
}

// Logical names have the role: other names neither add nor remove a resource.
func TestDeployNamespaces(t *testing.T) {
	raw := map[string]string{"cluster": onePool, "exposure": byGateway(t), "virtualClusters": `{"demo":true}`}
	usual, prefixed := &mocks{}, &mocks{}
	if err := deploy(t, usual, "dev", raw); err != nil {
		t.Fatal(err)
	}
	raw["namespaces"] = `{"prefix":"obs-","names":{"falco":"team-falco"}}`
	if err := deploy(t, prefixed, "dev", raw); err != nil {
		t.Fatal(err)
	}
	keys := slices.Sorted(maps.Keys(prefixed.resources))
	if want := slices.Sorted(maps.Keys(usual.resources)); !slices.Equal(keys, want) {
		t.Errorf("resources\n%s\nwith the default names\n%s", strings.Join(keys, "\n"), strings.Join(want, "\n"))
	}
	for role, want := range map[string]string{"monitoring": "obs-monitoring", "falco": "team-falco",
		"gateway": "obs-gateway", "vcluster": "obs-vcluster"} {
		meta := prefixed.resources["kubernetes:core/v1:Namespace::doks-security-"+role]["metadata"].ObjectValue()
		if got := meta["name"].StringValue(); got != want {
			t.Errorf("the namespace of %s is %s, want %s", role, got, want)
		}
	}
	for release, want := range map[string]string{"falco": "team-falco", "loki": "obs-loki", "demo": "obs-vcluster",
		"oauth2-proxy": "obs-gateway"} {
		if got := prefixed.resources["kubernetes:helm.sh/v3:Release::"+release]["namespace"].StringValue(); got != want {
			t.Errorf("release %s is in %s, want %s", release, got, want)
		}
	}
}

func TestPortForwardFollowsNames(t *testing.T) {
	names := NamespaceSettings{Prefix: "obs-"}.ByRole()
	want := "kubectl --kubeconfig a.yaml --namespace obs-monitoring port-forward " +
		"service/kube-prometheus-stack-grafana 3000:80"
	if got := grafana.portForward(names, "a.yaml"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
