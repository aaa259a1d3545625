package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// exposedWith deploys the Gateway with other lines of the exposure: as in a stack file, {} for none.
func exposedWith(t *testing.T, replace ...string) (*mocks, error) {
	t.Helper()
	m := &mocks{}
	exposure := strings.NewReplacer(replace...).Replace(byGateway(t))
	return m, deploy(t, m, "dev", map[string]string{"cluster": onePool, "exposure": exposure})
}

func (m *mocks) inputs(key string) string {
	inputs, found := m.resources[key]
	if !found {
		return ""
	}
	return fmt.Sprint(inputs.MapRepl(nil, revealed))
}

const (
	gatewayType     = "kubernetes:gateway.networking.k8s.io/v1:Gateway::gateway-"
	certificateType = "kubernetes:cert-manager.io/v1:Certificate::gateway-"
	issuerType      = "kubernetes:cert-manager.io/v1:Issuer::gateway-acme"
	secretType      = "kubernetes:core/v1:Secret::gateway-"
	recordOf        = recordType + "::doks-security-"
)

// Each setting of the access, with what it makes of the cluster; a resource without words is not there.
func TestDeployAccess(t *testing.T) {
	const token = `"dnsToken":"token"`
	for _, c := range []struct {
		name    string
		replace []string
		has     map[string][]string
	}{
		{"your own certificate", []string{`"certificates":{` + token + `,"email":"ops@example.org"}`,
			`"certificates":{"secretName":"web-tls"}`}, map[string][]string{
			gatewayType + "web":         {"name:web-tls"},
			certificateType + "grafana": nil, issuerType: nil,
			"kubernetes:helm.sh/v3:Release::cert-manager":                            nil,
			"kubernetes:core/v1:Namespace::doks-security-cert-manager":               nil,
			"kubernetes:monitoring.coreos.com/v1:PrometheusRule::monitoring-gateway": nil,
		}},
		{"another DNS provider", []string{token,
			`"dns":{"provider":"cloudflare","secrets":{"apiToken":"cloudflare-token"}}`}, map[string][]string{
			issuerType:                   {"cloudflare:map[apiTokenSecretRef:map[key:apiToken name:dns-challenge]]"},
			secretType + "dns-challenge": {"apiToken:cloudflare-token"}, secretType + "digitalocean-dns": nil,
		}},
		{"a DNS provider with options", []string{token,
			`"dns":{"provider":"route53","options":{"accessKeyID":"AKIA","region":"eu-central-1"},` +
				`"secrets":{"secretAccessKey":"key"}}`}, map[string][]string{
			issuerType: {"accessKeyID:AKIA", "region:eu-central-1", "secretAccessKeySecretRef:map[key:secretAccessKey"},
		}},
		{"external account binding", []string{token, token + `,"eab":{"keyId":"key-1","hmacKey":"hmac-key-of-the-account"}`,
			`"email"`, `"issuer":"https://acme.example.org/directory","email"`}, map[string][]string{
			issuerType: {"server:https://acme.example.org/directory",
				"externalAccountBinding:map[keyID:key-1 keySecretRef:map[key:hmac-key name:acme-eab]]"},
			secretType + "acme-eab": {"hmac-key:hmac-key-of-the-account"},
		}},
		{"records elsewhere", []string{`"mode":"gateway"`, `"mode":"gateway","records":false`,
			`"domain":"example.org"`, `"domain":"example.org"`}, map[string][]string{
			recordOf + "grafana": nil, recordOf + "falcosidekick-ui": nil, certificateType + "grafana": {"grafana.example.org"},
		}},
		{"an internal load balancer", []string{`"mode":"gateway"`, `"mode":"gateway","internal":true`}, map[string][]string{
			gatewayType + "web":      nil,
			gatewayType + "internal": {"do-loadbalancer-network:INTERNAL", "do-loadbalancer-name:doks-security-dev-internal"},
			"kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::monitoring-grafana": {"parentRefs:[map[name:internal"},
		}},
		{"other sites", []string{`"mode":"gateway"`,
			`"mode":"gateway","sites":[{"hostname":"shop.example.org","namespace":"shop"}]`}, map[string][]string{
			gatewayType + "web": {"hostname:shop.example.org", "kubernetes.io/metadata.name:shop",
				"name:shop.example.org-tls"},
			certificateType + "shop.example.org":                                          {"dnsNames:[shop.example.org]"},
			recordOf + "shop.example.org":                                                 {"name:shop"},
			"kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::gateway-shop.example.org": nil,
			"kubernetes:core/v1:Namespace::doks-security-shop":                            nil,
		}},
		{"editors", []string{`"groups":["operators"]`,
			`"groups":["operators","developers"],"adminGroups":["operators"],"editorGroups":["developers"]`},
			map[string][]string{"kubernetes:helm.sh/v3:Release::kube-prometheus-stack": {"&& 'Editor' || 'Viewer'"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := exposedWith(t, c.replace...)
			if err != nil {
				t.Fatal(err)
			}
			for key, words := range c.has {
				got := m.inputs(key)
				if (got == "") != (len(words) == 0) {
					t.Errorf("%s is %q, want it to contain %q", key, got, words)
				}
				for _, word := range words {
					if !strings.Contains(got, word) {
						t.Errorf("%s is %s, want it to contain %q", key, got, word)
					}
				}
			}
		})
	}
}

// Sites of applications alone need no identity provider, and no oauth2-proxy.
func TestSitesAlone(t *testing.T) {
	m := &mocks{}
	if err := deploy(t, m, "dev", rawConfig(t, "testdata/valid/sites-alone.yaml")); err != nil {
		t.Fatal(err)
	}
	if got := m.inputs(gatewayType + "web"); !strings.Contains(got, "hostname:shop.example.org") ||
		strings.Contains(got, "grafana") {
		t.Errorf("the Gateway is %s", got)
	}
	if releases := m.releases(); slices.Contains(releases, "oauth2-proxy") || !slices.Contains(releases, "cert-manager") {
		t.Errorf("the releases are %q", releases)
	}
}

// A domain that the account does not have needs no record there.
func TestRecordsElsewhereNeedNoDomain(t *testing.T) {
	m, err := exposedWith(t, `"mode":"gateway"`, `"mode":"gateway","records":false`, "example.org", "example.net")
	if err != nil {
		t.Fatal(err)
	}
	if _, found := m.exports["gatewayAddress"]; !found {
		t.Error("no export gatewayAddress for the records")
	}
}
