package components

import (
	"strings"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi-digitalocean/sdk/v4/go/digitalocean"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/preflight/incluster"
)

// How people reach Grafana and falcosidekick-ui.
const (
	// Private serves them inside of the cluster only: people come through kubectl port-forward.
	Private = "private"
	// ByGateway serves them to allowed addresses, over TLS, behind an identity provider.
	ByGateway = "gateway"
)

// Challenges by which an ACME issuer is shown that a hostname is ours.
const (
	DNSChallenge  = "dns"
	HTTPChallenge = "http"
)

// gatewayName is the Gateway's, and its load balancer's in Kubernetes: cilium-gateway-<name>.
const gatewayName = "web"

// Exposure is one Gateway with one load balancer, certificates for its hostnames, their DNS records in DigitalOcean,
// and oauth2-proxy in front of falcosidekick-ui.
type Exposure struct {
	pulumi.ResourceState

	// Address is the load balancer's.
	Address pulumi.StringOutput
}

// ExposureArgs describe it.
type ExposureArgs struct {
	Platform        Platform
	Namespaces      *Namespaces
	Observability   *Observability
	Domain          string                         // a zone of this DigitalOcean account
	Grafana         string                         // hostname below Domain; empty: not exposed
	FalcosidekickUI string                         // hostname below Domain; empty: not exposed
	Records         map[string][]godo.DomainRecord // that the account has, by hostname
	AllowedCIDRs    []string
	Certificates    CertificateSettings
	Identity        IdentitySettings
	Login           ClientSettings // oauth2-proxy's
}

// CertificateSettings say who issues certificates, and how it is convinced.
type CertificateSettings struct {
	// ACME contact email, which gets the notices of certificates that expire.
	Email string `json:"email" format:"certificateEmail"`
	// letsencrypt, letsencrypt-staging, or the URL of an ACME directory.
	Issuer string `json:"issuer" default:"letsencrypt"`
	// How the issuer checks that the domain is yours: by a DNS record, or over HTTP, which needs 0.0.0.0/0 in
	// allowedCIDRs.
	Challenge string `json:"challenge" default:"dns" enum:"dns,http"`
	// An API token that may read and write the domain's records, for challenge: dns.
	DNSToken string `json:"dnsToken" secret:"true"`
}

// NewExposure creates it.
func NewExposure(ctx *pulumi.Context, name string, args *ExposureArgs,
	opts ...pulumi.ResourceOption) (*Exposure, error) {
	e := &Exposure{}
	if err := ctx.RegisterComponentResource(typePrefix+"Exposure", name, e, opts...); err != nil {
		return nil, err
	}
	parent, names := pulumi.Parent(e), args.Namespaces.names
	issuer, err := args.newIssuer(ctx, parent)
	if err != nil {
		return nil, err
	}
	namespace := args.Namespaces.dependency(NamespaceGateway)
	gateway, err := newGateway(ctx, args.gateway(), parent, namespace)
	if err != nil {
		return nil, err
	}
	e.Address = gateway.address(ctx, names[NamespaceGateway])
	for _, site := range args.sites() {
		record, err := digitalocean.NewDnsRecord(ctx, name+"-"+site.name, &digitalocean.DnsRecordArgs{
			Domain: pulumi.String(args.Domain), Type: pulumi.String("A"), Ttl: pulumi.Int(300),
			Name: pulumi.String(strings.TrimSuffix(site.hostname, "."+args.Domain)), Value: e.Address,
		}, parent, importable())
		if err != nil {
			return nil, err
		}
		args.Platform.Known.requireRecord(record, args.Domain, site, args.Records[site.hostname])
		// An HTTP challenge finds the record there.
		if _, err := newObject(ctx, args.Namespaces, site.certificate(names), parent,
			pulumi.DependsOn([]pulumi.Resource{issuer, record})); err != nil {
			return nil, err
		}
		if _, err := newObject(ctx, args.Namespaces, site.route(names), parent, pulumi.DependsOn([]pulumi.Resource{gateway}),
			args.Namespaces.dependency(site.namespace)); err != nil {
			return nil, err
		}
	}
	if _, err := newObject(ctx, args.Namespaces, redirect(names), parent,
		pulumi.DependsOn([]pulumi.Resource{gateway})); err != nil {
		return nil, err
	}
	if args.FalcosidekickUI != "" {
		if err := args.newLogin(ctx, name, parent, namespace); err != nil {
			return nil, err
		}
	}
	return e, ctx.RegisterResourceOutputs(e, pulumi.Map{"address": e.Address})
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
	if a.Certificates.Challenge == DNSChallenge {
		token, err := a.Namespaces.newSecret(ctx, NamespaceGateway, dnsTokenSecret,
			pulumi.StringMap{"access-token": pulumi.String(a.Certificates.DNSToken)},
			parent, a.Namespaces.dependency(NamespaceGateway))
		if err != nil {
			return nil, err
		}
		needed = append(needed, token)
	}
	return newObject(ctx, a.Namespaces, a.Certificates.issuer(a.Namespaces.names), parent,
		a.Namespaces.dependency(NamespaceGateway), pulumi.DependsOn(needed))
}
