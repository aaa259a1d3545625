package components

// DNSSettings are a DNS provider that cert-manager knows.
type DNSSettings struct {
	// The provider, by the name of cert-manager's solver.
	Provider string `json:"provider" required:"true" format:"dnsProvider"`
	// Fields of the solver that are no secrets, by cert-manager's names (docs/certificates.md).
	Options map[string]string `json:"options"`
	// Fields of the solver that refer to a Secret, by cert-manager's names without SecretRef: {apiToken: <secret>}.
	Secrets map[string]string `json:"secrets" secret:"true"`
}

// DNSProvider are the fields of a solver: those that are required, and the others.
type DNSProvider struct {
	Required, Options []string
	Secrets           []string // required
}

// DNSProviders are cert-manager's solvers of DNS challenges, with the fields that an Issuer outside of the provider's
// own cloud has. Missing are webhook, which needs a release of its own, and digitalocean, which is dnsToken.
//
// https://github.com/cert-manager/cert-manager/blob/v1.21.1/pkg/apis/acme/v1/types_issuer.go
var DNSProviders = map[string]DNSProvider{
	"acmeDNS": {Required: []string{"host"}, Secrets: []string{"account"}},
	"akamai": {Required: []string{"serviceConsumerDomain"},
		Secrets: []string{"accessToken", "clientSecret", "clientToken"}},
	"azureDNS": {Required: []string{"clientID", "resourceGroupName", "subscriptionID", "tenantID"},
		Options: []string{"environment", "hostedZoneName"}, Secrets: []string{"clientSecret"}},
	"cloudDNS": {Required: []string{"project"}, Options: []string{"hostedZoneName"},
		Secrets: []string{"serviceAccount"}},
	"cloudflare": {Secrets: []string{"apiToken"}},
	"rfc2136": {Required: []string{"nameserver", "tsigKeyName"}, Options: []string{"protocol", "tsigAlgorithm"},
		Secrets: []string{"tsigSecret"}},
	"route53": {Required: []string{"accessKeyID"}, Options: []string{"hostedZoneID", "region", "role"},
		Secrets: []string{"secretAccessKey"}},
}

// solver is the part of the Issuer about the provider: its secrets are keys of one Secret.
func (d *DNSSettings) solver() map[string]any {
	fields := map[string]any{}
	for name, value := range d.Options {
		fields[name] = value
	}
	for name := range d.Secrets {
		fields[name+"SecretRef"] = map[string]any{"name": dnsProviderSecret, "key": name}
	}
	return map[string]any{d.Provider: fields}
}
