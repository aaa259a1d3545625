package components

import "doks-security/values"

// dnsTokenSecret holds the token that writes the domain's records for DNS challenges.
const dnsTokenSecret = "digitalocean-dns"

const issuerName = "acme"

// issuer is the ACME account, for the Gateway's namespace only.
func (c *CertificateSettings) issuer(names values.Namespaces) map[string]any {
	solver := map[string]any{"dns01": map[string]any{"digitalocean": map[string]any{
		"tokenSecretRef": map[string]any{"name": dnsTokenSecret, "key": "access-token"},
	}}}
	if c.Challenge == HTTPChallenge {
		solver = map[string]any{"http01": map[string]any{"gatewayHTTPRoute": map[string]any{
			"parentRefs": []any{map[string]any{
				"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gatewayName, "namespace": names[NamespaceGateway],
				"sectionName": "http",
			}},
		}}}
	}
	return manifest("cert-manager.io/v1", "Issuer", names[NamespaceGateway], issuerName,
		map[string]any{"acme": map[string]any{
			"email": c.Email, "server": c.Issuer, "solvers": []any{solver},
			"privateKeySecretRef": map[string]any{"name": issuerName + "-account"},
		}})
}

// certificate is the site's; its key is another one at each renewal.
func (s site) certificate(names values.Namespaces) map[string]any {
	return manifest("cert-manager.io/v1", "Certificate", names[NamespaceGateway], s.name, map[string]any{
		"secretName": s.secret(), "dnsNames": []any{s.hostname},
		"issuerRef":  map[string]any{"name": issuerName, "kind": "Issuer", "group": "cert-manager.io"},
		"privateKey": map[string]any{"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
	})
}
