package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// byGateway is the exposure of a valid fixture.
func byGateway(t *testing.T) string {
	t.Helper()
	return rawConfig(t, "testdata/valid/exposure-gateway.yaml")["exposure"]
}

func exposed(t *testing.T) *mocks {
	t.Helper()
	m := &mocks{}
	if err := deploy(t, m, "dev", map[string]string{"cluster": onePool, "exposure": byGateway(t)}); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDeployGateway(t *testing.T) {
	m := exposed(t)
	for _, release := range []string{"cert-manager", "oauth2-proxy"} {
		if !slices.Contains(m.releases(), release) {
			t.Errorf("no %s among %v", release, m.releases())
		}
	}
	for key, want := range map[string]string{
		"digitalocean:index/dnsRecord:DnsRecord::doks-security-grafana": "map[domain:example.org " +
			"name:grafana ttl:300 type:A value:203.0.113.10]",
		"digitalocean:index/dnsRecord:DnsRecord::doks-security-falcosidekick-ui": "map[domain:example.org " +
			"name:falco ttl:300 type:A value:203.0.113.10]",
		"kubernetes:cert-manager.io/v1:Certificate::gateway-grafana":                  "dnsNames:[grafana.example.org]",
		"kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::gateway-falcosidekick-ui": "hostnames:[falco.example.org]",
		"kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::monitoring-grafana":       "kube-prometheus-stack-grafana",
		"kubernetes:gateway.networking.k8s.io/v1:Gateway::gateway-web": "do-loadbalancer-allow-rules:" +
			"cidr:203.0.113.0/24",
		"kubernetes:cert-manager.io/v1:Issuer::gateway-acme": "server:https://acme-v02.api.letsencrypt.org/" +
			"directory",
		"kubernetes:core/v1:Secret::gateway-digitalocean-dns": "access-token",
		"kubernetes:helm.sh/v3:Release::kube-prometheus-stack": "root_url:" +
			"https://grafana.example.org/",
		"kubernetes:monitoring.coreos.com/v1:PrometheusRule::monitoring-virtual-clusters": "https://grafana.example.org/d/",
	} {
		inputs, ok := m.resources[key]
		if got := fmt.Sprint(inputs.MapRepl(nil, revealed)); !ok || !strings.Contains(got, want) {
			t.Errorf("%s has no %q: %.400s", key, want, got)
		}
	}
}

// Events can be posted to falcosidekick-ui without a login: from outside nothing may be posted but the login itself.
func TestOnlyTheLoginIsPostedToTheUI(t *testing.T) {
	route := exposed(t).resources["kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::gateway-falcosidekick-ui"]
	rules := route["spec"].ObjectValue()["rules"].ArrayValue()
	if len(rules) != 1 {
		t.Fatalf("%d rules", len(rules))
	}
	for _, match := range rules[0].ObjectValue()["matches"].ArrayValue() {
		method, path := match.ObjectValue()["method"], match.ObjectValue()["path"].ObjectValue()
		switch {
		case !method.IsString():
			t.Error("a match takes every method")
		case method.StringValue() == "GET" || method.StringValue() == "HEAD":
		case method.StringValue() == "POST" && path["type"].StringValue() == "Exact" &&
			strings.HasPrefix(path["value"].StringValue(), "/api/v1/auth"):
		default:
			t.Errorf("%s %v passes", method.StringValue(), path)
		}
	}
}

func TestGrafanaHasNoOtherLogin(t *testing.T) {
	m := exposed(t)
	grafana := m.values("kube-prometheus-stack")["grafana"].ObjectValue()
	ini := grafana["grafana.ini"].ObjectValue()
	for section, want := range map[resource.PropertyKey]map[resource.PropertyKey]bool{
		"auth":           {"disable_login_form": true},
		"auth.anonymous": {"enabled": false},
		"users":          {"allow_sign_up": false},
		"security":       {"cookie_secure": true},
	} {
		for key, value := range want {
			if got := ini[section].ObjectValue()[key]; !got.IsBool() || got.BoolValue() != value {
				t.Errorf("[%s] %s = %v, want %v", section, key, got, value)
			}
		}
	}
	route := m.resources["kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::monitoring-grafana"]
	if !strings.Contains(fmt.Sprint(route.Mappable()), "requestHeaderModifier:map[remove:[Authorization]]") {
		t.Error("Grafana's own logins pass the Gateway")
	}
}
