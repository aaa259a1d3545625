package components

import (
	"fmt"
	"maps"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// IdentitySettings describe an OpenID Connect provider on port 443, and whom of its people to let in.
type IdentitySettings struct {
	// The issuer, as its /.well-known/openid-configuration has it.
	Issuer string `json:"issuer"`
	// authorization_endpoint of /.well-known/openid-configuration.
	AuthorizationURL string `json:"authorizationUrl"`
	// token_endpoint of /.well-known/openid-configuration.
	TokenURL string `json:"tokenUrl"`
	// userinfo_endpoint of /.well-known/openid-configuration.
	UserInfoURL string `json:"userInfoUrl"`
	// Scopes of the login: openid and email, and what the provider wants for groups.
	Scopes []string `json:"scopes" default:"openid,email,profile" format:"scope"`
	// The claim with the groups, or a path through nested claims: resource_access.<client>.roles.
	GroupsClaim string `json:"groupsClaim" default:"groups" format:"claim"`
	// Only addresses of these domains may log in. emailDomains or groups is required.
	EmailDomains []string `json:"emailDomains" format:"emailDomain"`
	// Only members of these groups may log in.
	Groups []string `json:"groups" format:"group"`
	// Groups of Grafana's administrators.
	AdminGroups []string `json:"adminGroups" format:"group"`
	// Groups of Grafana's editors; whoever is in neither is a viewer.
	EditorGroups []string `json:"editorGroups" format:"group"`
}

// ClientSettings are a client of the identity provider.
type ClientSettings struct {
	// Id of the client at the identity provider.
	ClientID string `json:"clientId" format:"clientId"`
	// Secret of the client at the identity provider.
	ClientSecret string `json:"clientSecret" secret:"true"`
}

const (
	oauth2ProxyName = "oauth2-proxy" // release, Service and Secret
	grafanaOIDC     = "grafana-oidc" // named in values/kube-prometheus-stack/gateway.yaml
)

// GrafanaLogin is how Grafana is reached through the Gateway.
type GrafanaLogin struct {
	Hostname string
	Identity IdentitySettings
	Client   ClientSettings
}

// with adds the client's secret to what else Grafana reads into its environment.
func (l *GrafanaLogin) with(data pulumi.StringMap) pulumi.StringMap {
	if l == nil {
		return data
	}
	all := pulumi.StringMap{"client-secret": pulumi.String(l.Client.ClientSecret)}
	maps.Copy(all, data)
	return all
}

// secret creates the client's secret, if there is a login, and returns what waits for it.
func (l *GrafanaLogin) secret(ctx *pulumi.Context, namespaces *Namespaces,
	opts ...pulumi.ResourceOption) ([]pulumi.Resource, error) {
	if l == nil {
		return nil, nil
	}
	created, err := namespaces.newSecret(ctx, NamespaceMonitoring, grafanaOIDC,
		pulumi.StringMap{"client-secret": pulumi.String(l.Client.ClientSecret)}, opts...)
	return []pulumi.Resource{created}, err
}

// Values are the part of Grafana's values that knows the identity provider. What is the same for all is in
// values/kube-prometheus-stack/gateway.yaml.
func (l *GrafanaLogin) Values() map[string]any {
	if l == nil {
		return nil
	}
	oauth := map[string]any{
		"client_id": l.Client.ClientID, "scopes": strings.Join(l.Identity.Scopes, " "),
		"auth_url": l.Identity.AuthorizationURL, "token_url": l.Identity.TokenURL, "api_url": l.Identity.UserInfoURL,
		"role_attribute_path": l.Identity.grafanaRole(), "groups_attribute_path": l.Identity.groupsPath(),
	}
	if len(l.Identity.EmailDomains) > 0 {
		oauth["allowed_domains"] = strings.Join(l.Identity.EmailDomains, " ")
	}
	if len(l.Identity.Groups) > 0 {
		oauth["allowed_groups"] = strings.Join(l.Identity.Groups, ",")
	}
	return map[string]any{"grafana.ini": map[string]any{
		"server":             map[string]any{"domain": l.Hostname, "root_url": "https://" + l.Hostname + "/"},
		"auth.generic_oauth": oauth,
	}}
}

// groupsPath is the claim in JMESPath, as oauth2-proxy reads it: a claim of that name or, if there is none, nested
// claims, such as Keycloak's resource_access.<client>.roles. In parentheses for what reads grafana.ini: it takes quotes
// away that are all around a value.
func (i *IdentitySettings) groupsPath() string {
	names := strings.Split(i.GroupsClaim, ".")
	if len(names) == 1 {
		return "(" + literal(i.GroupsClaim) + ")"
	}
	for n, name := range names {
		names[n] = literal(name)
	}
	return "(" + literal(i.GroupsClaim) + " || " + strings.Join(names, ".") + ")"
}

// grafanaRole is a JMESPath expression that makes a role of the groups, if there are any; in parentheses as groupsPath.
func (i *IdentitySettings) grafanaRole() string {
	expression := ""
	for _, role := range []struct {
		name   string
		groups []string
	}{{"Admin", i.AdminGroups}, {"Editor", i.EditorGroups}} {
		var member []string
		for _, group := range role.groups {
			member = append(member, fmt.Sprintf("contains((%s || `[]`)[*], '%s')", i.groupsPath(), group))
		}
		if len(member) > 0 {
			expression += fmt.Sprintf("(%s) && '%s' || ", strings.Join(member, " || "), role.name)
		}
	}
	if expression == "" {
		return "('Viewer')"
	}
	return expression + "'Viewer'"
}

// newLogin installs oauth2-proxy, the login in front of falcosidekick-ui.
func (a *ExposureArgs) newLogin(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) error {
	cookie, err := newPassword(ctx, name+"-oauth2-proxy-cookie", opts...) // 32 characters: a key of AES-256
	if err != nil {
		return err
	}
	data := pulumi.StringMap{
		"client-id": pulumi.String(a.Login.ClientID), "client-secret": pulumi.String(a.Login.ClientSecret),
		"cookie-secret": cookie,
	}
	secret, err := a.Namespaces.newSecret(ctx, NamespaceGateway, oauth2ProxyName, data, opts...)
	if err != nil {
		return err
	}
	version, err := newVersions(ctx, name+"-oauth2-proxy", opts...)
	if err != nil {
		return err
	}
	_, err = a.Platform.install(ctx, a.Namespaces, chartRelease{
		folder: oauth2ProxyName,
		known: map[string]any{
			"extraArgs": OAuth2ProxyFlags(a.FalcosidekickUI, a.Identity), "podAnnotations": version.annotation(data),
		},
	}, append(opts, pulumi.DependsOn([]pulumi.Resource{secret}), a.Observability.dependency())...)
	return err
}

// OAuth2ProxyFlags are the flags that know the hostname and the identity provider. The others stand in
// values/oauth2-proxy/values.yaml.
func OAuth2ProxyFlags(hostname string, identity IdentitySettings) map[string]any {
	flags := map[string]any{
		"oidc-issuer-url":   identity.Issuer,
		"oidc-groups-claim": identity.GroupsClaim,
		"redirect-url":      "https://" + hostname + "/oauth2/callback",
		"scope":             strings.Join(identity.Scopes, " "),
		"email-domain":      "*", // groups decide
	}
	if len(identity.EmailDomains) > 0 {
		flags["email-domain"] = strings.Join(identity.EmailDomains, ",")
	}
	if len(identity.Groups) > 0 {
		flags["allowed-group"] = strings.Join(identity.Groups, ",")
	}
	return flags
}
