package stack

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"doks-security/components"
	"doks-security/stack/field"
)

var (
	// What Grafana replaces in any value of its configuration, those from its environment among them.
	grafanaVariable = regexp.MustCompile(`\$(__[A-Za-z0-9_]+)?\{|%\(`)
	everyone        = netip.MustParsePrefix("0.0.0.0/0")
)

func validateExposure(s Settings, given map[string]any, errs *field.Errors) {
	e := s.exposure()
	switch e.Mode {
	case components.ByGateway:
	case components.Private:
		for _, key := range sortedKeys(given) {
			if key != "mode" {
				errs.Add("exposure."+key, field.Hidden, "only mode, when exposure.mode is private",
					"pulumi config set --path 'exposure.mode' gateway, or remove it")
			}
		}
		return
	default:
		return // reported by its enumeration
	}
	validateHostnames(e, errs)
	validateAllowedCIDRs(e, errs)
	validateSites(s, errs)
	certificates, _ := given["certificates"].(map[string]any)
	validateCertificates(e, certificates, errs)
	clients := map[string]components.ClientSettings{}
	if s.Observability.Grafana {
		clients["grafana"] = e.Clients.Grafana
	}
	if s.hasUI() {
		clients["falcosidekickUi"] = e.Clients.FalcosidekickUI
	}
	if len(clients) > 0 { // sites of applications have their own login, or none
		validateIdentity(e.Identity, errs)
	}
	for name, client := range clients {
		key := "exposure.clients." + name
		if client.ClientID == "" {
			errs.Add(key+".clientId", nil, "the client's id at the identity provider: a login is required",
				"register a client there, then pulumi config set --path '"+key+".clientId' <id>")
		}
		if client.ClientSecret == "" {
			field.AddSecret(key+".clientSecret", "", "the client's secret at the identity provider", errs)
		}
	}
	if key := "exposure.clients.grafana.clientSecret"; grafanaVariable.MatchString(e.Clients.Grafana.ClientSecret) {
		field.AddSecret(key, e.Clients.Grafana.ClientSecret,
			"no ${...}, $__name{...} and %(: Grafana replaces them; have the identity provider issue another", errs)
	}
}

func validateHostnames(e ExposureSettings, errs *field.Errors) {
	if e.Domain == "" {
		formats["domain"].Refuse("exposure.domain", nil, errs)
	}
	if errs.Has("exposure.domain") {
		return
	}
	for key, hostname := range map[string]string{"grafana": e.Hostnames.Grafana,
		"falcosidekickUi": e.Hostnames.FalcosidekickUI} {
		if hostname != "" && !strings.HasSuffix(hostname, "."+e.Domain) {
			errs.Add("exposure.hostnames."+key, hostname, formats["hostname"].Allowed,
				"pulumi config set --path 'exposure.hostnames."+key+"' <name>."+e.Domain)
		}
	}
	if e.Hostnames.Grafana == e.Hostnames.FalcosidekickUI && e.Hostnames.Grafana != "" {
		errs.Add("exposure.hostnames.falcosidekickUi", e.Hostnames.FalcosidekickUI,
			"another name than exposure.hostnames.grafana: each is a separate site",
			"pulumi config set --path 'exposure.hostnames.falcosidekickUi' falco."+e.Domain)
	}
}

func validateAllowedCIDRs(e ExposureSettings, errs *field.Errors) {
	const key = "exposure.allowedCIDRs"
	if len(e.AllowedCIDRs) == 0 {
		errs.Add(key, nil, "at least one network that may connect; 0.0.0.0/0 is everyone",
			"pulumi config set --path '"+key+"[0]' <your network>, such as 203.0.113.0/24")
	}
	open := false
	seen := map[netip.Prefix]bool{}
	for i, cidr := range e.AllowedCIDRs {
		at := fmt.Sprintf("%s[%d]", key, i)
		prefix, err := netip.ParsePrefix(cidr)
		switch {
		case err != nil || !prefix.Addr().Is4():
			errs.Add(at, cidr, "an IPv4 network: 203.0.113.0/24, or /32 for one address", "correct it")
		case prefix != prefix.Masked():
			errs.Add(at, cidr, "a network's own address before the slash", "write "+prefix.Masked().String())
		case seen[prefix]:
			errs.Add(at, cidr, "each network once", "remove it")
		}
		seen[prefix] = true
		open = open || prefix == everyone
	}
	if e.Certificates.Challenge == components.HTTPChallenge && len(e.AllowedCIDRs) > 0 && !open {
		errs.Add("exposure.certificates.challenge", e.Certificates.Challenge,
			"dns, unless exposure.allowedCIDRs has 0.0.0.0/0: the addresses of the issuer's own requests are not published, "+
				"and the load balancer would reject them",
			"pulumi config set --path 'exposure.certificates.challenge' dns")
	}
}

func validateIdentity(i components.IdentitySettings, errs *field.Errors) {
	const key = "exposure.identity"
	for name, value := range map[string]string{
		"issuer": i.Issuer, "authorizationUrl": i.AuthorizationURL, "tokenUrl": i.TokenURL, "userInfoUrl": i.UserInfoURL,
	} {
		key := key + "." + name
		checkURL(key, value, "as in <issuer>/.well-known/openid-configuration", errs)
		switch u, ok := field.ParseURL(value); {
		case !ok:
		case u.Port() != "" && u.Port() != "443":
			errs.Add(key, shown(value), "port 443: Grafana and oauth2-proxy may connect to no other",
				"serve the identity provider on port 443, or put a proxy there")
		case strings.Contains(value, ";") || strings.HasSuffix(value, ":"):
			errs.Add(key, shown(value),
				"a URL without a semicolon or a colon at its end: Grafana takes the one for a comment, and YAML the "+
					"other for a key",
				"write %3B or %3A")
		}
	}
	if !slices.Contains(i.Scopes, "openid") || !slices.Contains(i.Scopes, "email") {
		errs.Add(key+".scopes", field.Plain(i.Scopes), "openid and email, and what your provider wants for groups",
			"leave it out for openid, email, profile")
	}
	if len(i.EmailDomains) == 0 && len(i.Groups) == 0 {
		errs.Add(key, nil, "emailDomains or groups: without either everyone with an account at the identity "+
			"provider can log in",
			"pulumi config set --path '"+key+".groups[0]' <group>")
	}
	for name, groups := range map[string][]string{"adminGroups": i.AdminGroups, "editorGroups": i.EditorGroups} {
		for n, group := range groups {
			if len(i.Groups) > 0 && !slices.Contains(i.Groups, group) {
				errs.Add(fmt.Sprintf("%s.%s[%d]", key, name, n), group, "one of "+key+".groups: only their members can log in",
					"add it to groups")
			}
		}
	}
}
