package stack

import (
	"fmt"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
	"doks-security/stack/field"
)

var (
	// A DNS name of at least two labels, in lower case.
	domainName = regexp.MustCompile(`^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])$`)
	// What needs no quoting in oauth2-proxy's and Grafana's lists and expressions.
	groupName = regexp.MustCompile(`^[^\s,'"\\{}]{1,255}$`)
	everyone  = netip.MustParsePrefix("0.0.0.0/0")
)

func validateExposure(e ExposureSettings, given map[string]any, faults *field.Errors) {
	if !oneOf("exposure.mode", e.Mode, []string{components.Private, components.ByGateway}, faults) {
		return
	}
	if e.Mode == components.Private {
		for _, key := range sortedKeys(given) {
			if key != "mode" {
				faults.Add("exposure."+key, hidden, "nothing beside exposure.mode: private, which exposes nothing",
					"pulumi config set --path 'exposure.mode' gateway, or remove it")
			}
		}
		return
	}
	validateHostnames(e, faults)
	validateAllowedCIDRs(e, faults)
	validateCertificates(e.Certificates, faults)
	validateIdentity(e.Identity, faults)
	for name, client := range map[string]components.ClientSettings{"grafana": e.Clients.Grafana, "falcosidekickUi": e.Clients.FalcosidekickUI} {
		key := "exposure.clients." + name
		if client.ClientID == "" {
			faults.Add(key+".clientId", nil, "the client's id at the identity provider: nobody gets in without a login",
				"register a client there, then pulumi config set --path '"+key+".clientId' <id>")
		}
		if client.ClientSecret == "" {
			secretFault(key+".clientSecret", "", "the client's secret at the identity provider", faults)
		}
	}
}

func validateHostnames(e ExposureSettings, faults *field.Errors) {
	if !domainName.MatchString(e.Domain) {
		faults.Add("exposure.domain", e.Domain, "a domain of this DigitalOcean account: example.org",
			"pulumi config set --path 'exposure.domain' <domain>; `doctl compute domain list` lists them")
		return
	}
	for key, hostname := range map[string]string{"grafana": e.Hostnames.Grafana, "falcosidekickUi": e.Hostnames.FalcosidekickUI} {
		if !domainName.MatchString(hostname) || !strings.HasSuffix(hostname, "."+e.Domain) {
			faults.Add("exposure.hostnames."+key, hostname, "a name below exposure.domain, in lower case: its record is made there",
				"pulumi config set --path 'exposure.hostnames."+key+"' <name>."+e.Domain)
		}
	}
	if e.Hostnames.Grafana == e.Hostnames.FalcosidekickUI {
		faults.Add("exposure.hostnames.falcosidekickUi", e.Hostnames.FalcosidekickUI, "another name than exposure.hostnames.grafana: each is a site of its own",
			"pulumi config set --path 'exposure.hostnames.falcosidekickUi' falco."+e.Domain)
	}
}

func validateAllowedCIDRs(e ExposureSettings, faults *field.Errors) {
	const key = "exposure.allowedCIDRs"
	if len(e.AllowedCIDRs) == 0 {
		faults.Add(key, nil, "at least one network that may connect; 0.0.0.0/0 only if you mean everyone",
			"pulumi config set --path '"+key+"[0]' <your network>, such as 203.0.113.0/24")
	}
	open := false
	seen := map[netip.Prefix]bool{}
	for i, cidr := range e.AllowedCIDRs {
		at := fmt.Sprintf("%s[%d]", key, i)
		prefix, err := netip.ParsePrefix(cidr)
		switch {
		case err != nil || !prefix.Addr().Is4():
			faults.Add(at, cidr, "an IPv4 network: 203.0.113.0/24, or /32 for one address", "correct it")
		case prefix != prefix.Masked():
			faults.Add(at, cidr, "a network's own address before the slash", "write "+prefix.Masked().String())
		case seen[prefix]:
			faults.Add(at, cidr, "each network once", "remove it")
		}
		seen[prefix] = true
		open = open || prefix == everyone
	}
	if e.Certificates.Challenge == components.HTTPChallenge && len(e.AllowedCIDRs) > 0 && !open {
		faults.Add("exposure.certificates.challenge", e.Certificates.Challenge,
			"dns, unless exposure.allowedCIDRs has 0.0.0.0/0: the issuer's own requests come from addresses nobody publishes, and the load balancer would turn them away",
			"pulumi config set --path 'exposure.certificates.challenge' dns")
	}
}

func validateCertificates(c components.CertificateSettings, faults *field.Errors) {
	const key = "exposure.certificates"
	if _, err := mail.ParseAddress(c.Email); err != nil {
		faults.Add(key+".email", c.Email, "an address that is told before a certificate runs out", "pulumi config set --path '"+key+".email' <address>")
	}
	if _, named := acmeIssuers[c.Issuer]; !named && !isWebURL(c.Issuer) {
		faults.Add(key+".issuer", c.Issuer, strings.Join(sortedKeys(acmeIssuers), ", ")+", or the https:// URL of an ACME directory",
			"pulumi config set --path '"+key+".issuer' letsencrypt")
	}
	if !oneOf(key+".challenge", c.Challenge, []string{components.DNSChallenge, components.HTTPChallenge}, faults) {
		return
	}
	if c.Challenge == components.DNSChallenge && c.DNSToken == "" {
		secretFault(key+".dnsToken", "", "an API token that may read and write the domain's records, and nothing else: it is kept in the cluster", faults)
	}
	if c.Challenge == components.HTTPChallenge && c.DNSToken != "" {
		faults.Add(key+".dnsToken", hidden, "none with challenge: http, which does not need it", "pulumi config rm --path '"+key+".dnsToken'")
	}
}

func validateIdentity(i components.IdentitySettings, faults *field.Errors) {
	const key = "exposure.identity"
	for name, value := range map[string]string{
		"issuer": i.Issuer, "authorizationUrl": i.AuthorizationURL, "tokenUrl": i.TokenURL, "userInfoUrl": i.UserInfoURL,
	} {
		if !isWebURL(value) {
			faults.Add(key+"."+name, value, "a URL that starts with https://, as in <issuer>/.well-known/openid-configuration",
				"pulumi config set --plaintext --path '"+key+"."+name+"' <url>") // Pulumi takes tokenUrl for a token
		}
	}
	if !slices.Contains(i.Scopes, "openid") || !slices.Contains(i.Scopes, "email") {
		faults.Add(key+".scopes", plainList(i.Scopes), "openid and email, and what your provider wants for groups", "leave it out for openid, email, profile")
	}
	if len(i.EmailDomains) == 0 && len(i.Groups) == 0 {
		faults.Add(key, nil, "emailDomains or groups: without either everyone with an account at the identity provider gets in",
			"pulumi config set --path '"+key+".groups[0]' <group>")
	}
	for n, domain := range i.EmailDomains {
		if !domainName.MatchString(domain) {
			faults.Add(fmt.Sprintf("%s.emailDomains[%d]", key, n), domain, "a domain: example.org", "name the domains of your addresses")
		}
	}
	for name, groups := range map[string][]string{"groups": i.Groups, "adminGroups": i.AdminGroups, "groupsClaim": {i.GroupsClaim}} {
		for n, group := range groups {
			if !groupName.MatchString(group) {
				faults.Add(fmt.Sprintf("%s.%s[%d]", key, name, n), group, "a name without spaces, commas, quotes, braces and backslashes", "name it by its id")
			}
		}
	}
	for n, group := range i.AdminGroups {
		if len(i.Groups) > 0 && !slices.Contains(i.Groups, group) {
			faults.Add(fmt.Sprintf("%s.adminGroups[%d]", key, n), group, "one of "+key+".groups: nobody else gets in", "add it to groups")
		}
	}
}

// plainExposureFaults refuses secrets in plain text.
func plainExposureFaults(ctx *pulumi.Context, e ExposureSettings) field.Errors {
	holds := e.Certificates.DNSToken != "" || e.Clients.Grafana.ClientSecret != "" || e.Clients.FalcosidekickUI.ClientSecret != ""
	if !holds || ctx.IsConfigSecret(Project+":exposure") {
		return nil
	}
	return field.Errors{{Key: "exposure", Value: hidden, Allowed: "dnsToken and clientSecret encrypted: whoever reads the stack file could use them",
		Fix: "pulumi config set --secret --path '" + Project + ":exposure.clients.grafana.clientSecret' <secret>, and so for each"}}
}

// plainList is a list as it stands in the stack file.
func plainList(list []string) any { return plain(append([]string{}, list...)) }
