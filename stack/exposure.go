package stack

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
)

// ExposureSettings say how people reach Grafana and falcosidekick-ui: through kubectl port-forward, or through a Gateway
// with TLS, to allowed addresses only, behind an identity provider.
type ExposureSettings struct {
	Mode         string                         `json:"mode"`      // private (default) or gateway; all below is for gateway
	Domain       string                         `json:"domain"`    // a domain of this DigitalOcean account
	Hostnames    HostnameSettings               `json:"hostnames"` // below it
	AllowedCIDRs []string                       `json:"allowedCIDRs"`
	Certificates components.CertificateSettings `json:"certificates"`
	Identity     components.IdentitySettings    `json:"identity"`
	Clients      ExposureClients                `json:"clients"`
}

// HostnameSettings are where the two answer. Default: grafana.<domain> and falco.<domain>.
type HostnameSettings struct {
	Grafana         string `json:"grafana"`
	FalcosidekickUI string `json:"falcosidekickUi"`
}

// ExposureClients are the clients of the identity provider: Grafana's, which returns people to
// https://<hostname>/login/generic_oauth, and that of oauth2-proxy in front of falcosidekick-ui, which returns them to
// https://<hostname>/oauth2/callback.
type ExposureClients struct {
	Grafana         components.ClientSettings `json:"grafana"`
	FalcosidekickUI components.ClientSettings `json:"falcosidekickUi"`
}

// acmeIssuers are the names of directories (letsencrypt.org/docs/acme-protocol-updates, staging-environment).
var acmeIssuers = map[string]string{
	"letsencrypt":         "https://acme-v02.api.letsencrypt.org/directory",
	"letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}

// complete fills what follows from the domain, and what most identity providers agree on.
func (e *ExposureSettings) complete() {
	if e.Mode != components.ByGateway {
		return
	}
	setDefault(&e.Hostnames.Grafana, "grafana."+e.Domain)
	setDefault(&e.Hostnames.FalcosidekickUI, "falco."+e.Domain)
	setDefault(&e.Certificates.Issuer, "letsencrypt")
	setDefault(&e.Certificates.Challenge, components.DNSChallenge)
	setDefault(&e.Identity.GroupsClaim, "groups")
	if len(e.Identity.Scopes) == 0 {
		e.Identity.Scopes = []string{"openid", "email", "profile"}
	}
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// grafanaLogin is nil with private exposure.
func (e *ExposureSettings) grafanaLogin() *components.GrafanaLogin {
	if e.Mode != components.ByGateway {
		return nil
	}
	return &components.GrafanaLogin{Hostname: e.Hostnames.Grafana, Identity: e.Identity, Client: e.Clients.Grafana}
}

// newExposure creates nothing with private exposure.
func newExposure(ctx *pulumi.Context, name string, s Settings, platform components.Platform, namespaces *components.Namespaces,
	observability *components.Observability, opts ...pulumi.ResourceOption) error {
	e := s.Exposure
	if e.Mode != components.ByGateway {
		return nil
	}
	certificates := e.Certificates
	if url, named := acmeIssuers[certificates.Issuer]; named {
		certificates.Issuer = url
	}
	exposure, err := components.NewExposure(ctx, name, &components.ExposureArgs{
		Platform: platform, Namespaces: namespaces, Observability: observability,
		Domain: e.Domain, Grafana: e.Hostnames.Grafana, FalcosidekickUI: e.Hostnames.FalcosidekickUI,
		AllowedCIDRs: e.AllowedCIDRs, Certificates: certificates, Identity: e.Identity, Login: e.Clients.FalcosidekickUI,
	}, opts...)
	if err != nil {
		return err
	}
	ctx.Export("gatewayAddress", exposure.Address)
	return nil
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
