package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/preflight/incluster"
	"doks-security/values"
)

// CertificateSettings say who issues certificates, and how it is convinced; or where your own is.
type CertificateSettings struct {
	// ACME contact email, which receives expiry notices.
	Email string `json:"email" format:"certificateEmail"`
	// letsencrypt, letsencrypt-staging, or the URL of an ACME directory.
	Issuer string `json:"issuer" default:"letsencrypt"`
	// External account binding, which an issuer other than Let's Encrypt may ask for.
	EAB *EABSettings `json:"eab"`
	// How the issuer checks that the domain is yours: by a DNS record, or over HTTP, which needs 0.0.0.0/0 in
	// allowedCIDRs.
	Challenge string `json:"challenge" default:"dns" enum:"dns,http"`
	// An API token of DigitalOcean that may read and write the domain's records, for challenge: dns.
	DNSToken string `json:"dnsToken" secret:"true"`
	// Another DNS provider for challenge: dns, instead of DigitalOcean with dnsToken.
	DNS *DNSSettings `json:"dns"`

	// A Secret in the namespace gateway with your own certificate for all hostnames, instead of an issuer: you or a
	// controller create it (docs/certificates.md).
	SecretName string `json:"secretName" format:"secretName"`
}

// EABSettings bind the ACME account to one that the issuer has already (RFC 8555, section 7.3.4).
type EABSettings struct {
	// Id of the key.
	KeyID string `json:"keyId" required:"true" format:"eabKeyId"`
	// The HMAC key, in base64url without padding, as the issuer shows it.
	HMACKey string `json:"hmacKey" secret:"true" required:"true" format:"hmacKey"`
}

// Names of the Secrets that the issuer refers to.
const (
	dnsTokenSecret    = "digitalocean-dns" // the token that writes the domain's records for DNS challenges
	dnsProviderSecret = "dns-challenge"    // the same for another provider
	eabSecret         = "acme-eab"
)

const issuerName = "acme"

// issued reports whether cert-manager gets the certificates from an issuer.
func (c *CertificateSettings) issued() bool { return c.SecretName == "" }

// secretOf is the Secret with the certificate of a site.
func (c *CertificateSettings) secretOf(s site) string {
	if c.issued() {
		return s.name + "-tls"
	}
	return c.SecretName
}

// issuer is the ACME account, for the Gateway's namespace only.
func (c *CertificateSettings) issuer(names values.Namespaces, gateway string) map[string]any {
	acme := map[string]any{
		"email": c.Email, "server": c.Issuer, "solvers": []any{c.solver(names, gateway)},
		"privateKeySecretRef": map[string]any{"name": issuerName + "-account"},
	}
	if c.EAB != nil {
		acme["externalAccountBinding"] = map[string]any{
			"keyID": c.EAB.KeyID, "keySecretRef": map[string]any{"name": eabSecret, "key": "hmac-key"},
		}
	}
	return manifest("cert-manager.io/v1", "Issuer", names[NamespaceGateway], issuerName, map[string]any{"acme": acme})
}

func (c *CertificateSettings) solver(names values.Namespaces, gateway string) map[string]any {
	switch {
	case c.Challenge == HTTPChallenge:
		return map[string]any{"http01": map[string]any{"gatewayHTTPRoute": map[string]any{
			"parentRefs": []any{map[string]any{
				"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway, "namespace": names[NamespaceGateway],
				"sectionName": "http",
			}},
		}}}
	case c.DNS != nil:
		return map[string]any{"dns01": c.DNS.solver()}
	}
	return map[string]any{"dns01": map[string]any{"digitalocean": map[string]any{
		"tokenSecretRef": map[string]any{"name": dnsTokenSecret, "key": "access-token"},
	}}}
}

// certificate is the site's; its key is another one at each renewal.
func (c *CertificateSettings) certificate(s site, names values.Namespaces) map[string]any {
	return manifest("cert-manager.io/v1", "Certificate", names[NamespaceGateway], s.name, map[string]any{
		"secretName": c.secretOf(s), "dnsNames": []any{s.hostname},
		"issuerRef":  map[string]any{"name": issuerName, "kind": "Issuer", "group": "cert-manager.io"},
		"privateKey": map[string]any{"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
	})
}

// newIssuer installs cert-manager, unless the cluster has it, and creates the Issuer of the Gateway's namespace.
func (a *ExposureArgs) newIssuer(ctx *pulumi.Context, parent pulumi.ResourceOption) (pulumi.Resource, error) {
	var needed []pulumi.Resource
	if !a.Platform.provides(incluster.CertManager) {
		certManager, err := a.Platform.install(ctx, a.Namespaces, chartRelease{folder: incluster.CertManager},
			parent, a.Observability.dependency())
		if err != nil {
			return nil, err
		}
		needed = append(needed, certManager)
	}
	for name, data := range a.Certificates.secrets() {
		secret, err := a.Namespaces.newSecret(ctx, NamespaceGateway, name, data, parent,
			a.Namespaces.dependency(NamespaceGateway))
		if err != nil {
			return nil, err
		}
		needed = append(needed, secret)
	}
	return newObject(ctx, a.Namespaces, a.Certificates.issuer(a.Namespaces.names, a.gatewayName()), parent,
		a.Namespaces.dependency(NamespaceGateway), pulumi.DependsOn(needed))
}

// secrets are the data of the Secrets that the issuer refers to, by name.
func (c *CertificateSettings) secrets() map[string]pulumi.StringMap {
	all := map[string]pulumi.StringMap{}
	switch {
	case c.Challenge != DNSChallenge:
	case c.DNS != nil:
		all[dnsProviderSecret] = pulumi.ToStringMap(c.DNS.Secrets)
	default:
		all[dnsTokenSecret] = pulumi.StringMap{"access-token": pulumi.String(c.DNSToken)}
	}
	if c.EAB != nil {
		all[eabSecret] = pulumi.StringMap{"hmac-key": pulumi.String(c.EAB.HMACKey)}
	}
	return all
}
