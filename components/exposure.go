package components

import (
	"strings"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi-digitalocean/sdk/v4/go/digitalocean"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// How people reach Grafana and falcosidekick-ui.
const (
	// Private serves them inside of the cluster only: users connect by kubectl port-forward.
	Private = "private"
	// ByGateway serves them to allowed addresses, over TLS, behind an identity provider.
	ByGateway = "gateway"
)

// Challenges by which an ACME issuer is shown that a hostname is ours.
const (
	DNSChallenge  = "dns"
	HTTPChallenge = "http"
)

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
	WithoutRecords  bool                           // leaves the hostnames' records to others
	Internal        bool                           // a load balancer of the VPC's, without a public address
	Sites           []SiteSettings                 // in addition
	AllowedCIDRs    []string
	Certificates    CertificateSettings
	Identity        IdentitySettings
	Login           ClientSettings // oauth2-proxy's
}

// NewExposure creates it.
func NewExposure(ctx *pulumi.Context, name string, args *ExposureArgs,
	opts ...pulumi.ResourceOption) (*Exposure, error) {
	e := &Exposure{}
	if err := ctx.RegisterComponentResource(typePrefix+"Exposure", name, e, opts...); err != nil {
		return nil, err
	}
	parent, names := pulumi.Parent(e), args.Namespaces.names
	var issued []pulumi.Resource // what certificates wait for
	if args.Certificates.issued() {
		issuer, err := args.newIssuer(ctx, parent)
		if err != nil {
			return nil, err
		}
		issued = append(issued, issuer)
	}
	namespace := args.Namespaces.dependency(NamespaceGateway)
	gateway, err := newGateway(ctx, args.gateway(), parent, namespace)
	if err != nil {
		return nil, err
	}
	e.Address = gateway.address(ctx, names[NamespaceGateway], args.gatewayName())
	for _, site := range args.sites() {
		needed := issued
		if !args.WithoutRecords {
			record, err := args.newRecord(ctx, name, site, e.Address, parent)
			if err != nil {
				return nil, err
			}
			needed = append(needed, record) // an HTTP challenge finds the record there
		}
		if args.Certificates.issued() {
			if _, err := newObject(ctx, args.Namespaces, args.Certificates.certificate(site, names), parent,
				pulumi.DependsOn(needed)); err != nil {
				return nil, err
			}
		}
		if site.service == "" {
			continue // its route is the application's
		}
		if _, err := newObject(ctx, args.Namespaces, site.route(names, args.gatewayName()), parent,
			pulumi.DependsOn([]pulumi.Resource{gateway}), args.Namespaces.dependency(site.namespace)); err != nil {
			return nil, err
		}
	}
	if _, err := newObject(ctx, args.Namespaces, redirect(names, args.gatewayName()), parent,
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

// newRecord creates a hostname's record in DigitalOcean, unless the account has one already.
func (a *ExposureArgs) newRecord(ctx *pulumi.Context, name string, s site, address pulumi.StringOutput,
	parent pulumi.ResourceOption) (pulumi.Resource, error) {
	record, err := digitalocean.NewDnsRecord(ctx, name+"-"+s.name, &digitalocean.DnsRecordArgs{
		Domain: pulumi.String(a.Domain), Type: pulumi.String("A"), Ttl: pulumi.Int(300),
		Name: pulumi.String(strings.TrimSuffix(s.hostname, "."+a.Domain)), Value: address,
	}, parent, importable())
	if err != nil {
		return nil, err
	}
	a.Platform.Known.requireRecord(record, a.Domain, s, a.Records[s.hostname])
	return record, nil
}
