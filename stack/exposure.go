package stack

import (
	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/account"
	"doks-security/components"
)

// ExposureSettings say how people reach Grafana and falcosidekick-ui: through kubectl port-forward, or through a
// Gateway with TLS, to allowed addresses only, behind an identity provider.
type ExposureSettings struct {
	// private (kubectl port-forward), or gateway (the Gateway API of DOKS). All others are for gateway.
	Mode string `json:"mode" default:"private" enum:"private,gateway"`
	// A domain of this DigitalOcean account or, without records, any.
	Domain string `json:"domain" format:"domain"`
	// Creates the hostnames' records in the domain. false: you or a controller create them (output gatewayAddress).
	Records bool `json:"records" default:"true"`
	// A load balancer without a public address, which the VPC of the cluster reaches and what is peered with it.
	Internal bool `json:"internal" default:"false"`
	// Where the two answer, below the domain.
	Hostnames HostnameSettings `json:"hostnames"`
	// Sites of applications on the same Gateway, for the same networks: their HTTPRoutes are yours (docs/access.md).
	Sites []components.SiteSettings `json:"sites"`
	// IPv4 networks that may connect.
	AllowedCIDRs []string `json:"allowedCIDRs"`
	// Who issues certificates, and how it checks the domain.
	Certificates components.CertificateSettings `json:"certificates"`
	// An OpenID Connect provider on port 443, and who may log in.
	Identity components.IdentitySettings `json:"identity"`
	// Clients of the identity provider.
	Clients ExposureClients `json:"clients"`
}

// HostnameSettings are where the two answer.
type HostnameSettings struct {
	// Grafana's hostname.
	Grafana string `json:"grafana" default:"grafana.{exposure.domain}" format:"hostname"`
	// falcosidekick-ui's hostname.
	FalcosidekickUI string `json:"falcosidekickUi" default:"falco.{exposure.domain}" format:"hostname"`
}

// ExposureClients are the clients of the identity provider: Grafana's, which returns people to
// https://<hostname>/login/generic_oauth, and that of oauth2-proxy in front of falcosidekick-ui, which returns them to
// https://<hostname>/oauth2/callback.
type ExposureClients struct {
	// Grafana's client; its redirect URL is https://<hostname>/login/generic_oauth.
	Grafana components.ClientSettings `json:"grafana"`
	// The client of oauth2-proxy in front of falcosidekick-ui; its redirect URL is https://<hostname>/oauth2/callback.
	FalcosidekickUI components.ClientSettings `json:"falcosidekickUi"`
}

// acmeIssuers are the names of directories (letsencrypt.org/docs/acme-protocol-updates, staging-environment).
var acmeIssuers = map[string]string{
	"letsencrypt":         "https://acme-v02.api.letsencrypt.org/directory",
	"letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}

// grafanaLogin is nil with private exposure.
func (e *ExposureSettings) grafanaLogin() *components.GrafanaLogin {
	if e.Mode != components.ByGateway {
		return nil
	}
	return &components.GrafanaLogin{Hostname: e.Hostnames.Grafana, Identity: e.Identity, Client: e.Clients.Grafana}
}

// exposure is the setting without the hostnames of parts that are off.
func (s Settings) exposure() ExposureSettings {
	e := s.Exposure
	if !s.Observability.Grafana {
		e.Hostnames.Grafana = ""
	}
	if !s.hasUI() {
		e.Hostnames.FalcosidekickUI = ""
	}
	return e
}

// newExposure creates nothing with private exposure.
func newExposure(in inCluster, a *account.Account, observability *components.Observability) error {
	e := in.settings.exposure()
	if e.Mode != components.ByGateway {
		return nil
	}
	certificates := e.Certificates
	if url, named := acmeIssuers[certificates.Issuer]; named {
		certificates.Issuer = url
	}
	records, err := e.addressRecords(in.ctx, a)
	if err != nil {
		return err
	}
	exposure, err := components.NewExposure(in.ctx, logicalName, &components.ExposureArgs{
		Platform: in.platform, Namespaces: in.namespaces, Observability: observability,
		Domain: e.Domain, Grafana: e.Hostnames.Grafana, FalcosidekickUI: e.Hostnames.FalcosidekickUI, Records: records,
		WithoutRecords: !e.Records, Internal: e.Internal, Sites: e.Sites,
		AllowedCIDRs: e.AllowedCIDRs, Certificates: certificates, Identity: e.Identity, Login: e.Clients.FalcosidekickUI,
	}, in.options...)
	if err != nil {
		return err
	}
	in.ctx.Export("gatewayAddress", exposure.Address)
	return nil
}

// addressRecords are the records that the account has of the hostnames. Only a preview compares them with the
// state.
func (e *ExposureSettings) addressRecords(ctx *pulumi.Context, a *account.Account) (
	map[string][]godo.DomainRecord, error,
) {
	records := map[string][]godo.DomainRecord{}
	if !ctx.DryRun() || !e.Records {
		return records, nil
	}
	hostnames := []string{e.Hostnames.Grafana, e.Hostnames.FalcosidekickUI}
	for _, site := range e.Sites {
		hostnames = append(hostnames, site.Hostname)
	}
	for _, hostname := range hostnames {
		if hostname == "" {
			continue
		}
		var err error
		if records[hostname], err = a.AddressRecords(ctx.Context(), e.Domain, hostname); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// grafanaURL is where people find Grafana.
func (s Settings) grafanaURL() string {
	if s.Exposure.Mode == components.ByGateway {
		return "https://" + s.Exposure.Hostnames.Grafana
	}
	return grafana.url()
}

// falcosidekickUIURL is where people find falcosidekick-ui.
func (s Settings) falcosidekickUIURL() string {
	if s.Exposure.Mode == components.ByGateway {
		return "https://" + s.Exposure.Hostnames.FalcosidekickUI
	}
	return falcosidekickUI.url()
}
