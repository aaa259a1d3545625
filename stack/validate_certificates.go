package stack

import (
	"fmt"
	"slices"
	"strings"

	"doks-security/components"
	"doks-security/stack/field"
)

const certificatesKey = "exposure.certificates"

func validateCertificates(e ExposureSettings, given map[string]any, errs *field.Errors) {
	c := e.Certificates
	if c.SecretName != "" {
		for _, key := range sortedKeys(given) {
			if key != "secretName" {
				errs.Add(certificatesKey+"."+key, field.Hidden,
					"nothing with "+certificatesKey+".secretName: the Secret has your own certificate, and no issuer is asked for one",
					"remove it, or pulumi config rm --path '"+certificatesKey+".secretName'")
			}
		}
		return
	}
	if c.Email == "" {
		formats["certificateEmail"].Refuse(certificatesKey+".email", nil, errs)
	}
	if _, named := acmeIssuers[c.Issuer]; !named {
		checkURL(certificatesKey+".issuer", c.Issuer,
			"that of an ACME directory; or one of "+strings.Join(sortedKeys(acmeIssuers), ", "), errs)
	}
	switch c.Challenge {
	case components.DNSChallenge:
		validateDNS(c, errs)
	case components.HTTPChallenge:
		for key, set := range map[string]bool{"dnsToken": c.DNSToken != "", "dns": c.DNS != nil} {
			if set {
				errs.Add(certificatesKey+"."+key, field.Hidden, "none with challenge: http, which does not need it",
					"pulumi config rm --path '"+certificatesKey+"."+key+"'")
			}
		}
		if e.Internal {
			errs.Add(certificatesKey+".challenge", c.Challenge,
				"dns with exposure.internal: true: the issuer's requests do not reach the VPC",
				"pulumi config set --path '"+certificatesKey+".challenge' dns")
		}
	}
}

// validateDNS requires DigitalOcean's token, or the fields of another provider.
func validateDNS(c components.CertificateSettings, errs *field.Errors) {
	const key = certificatesKey + ".dns"
	switch {
	case c.DNS == nil && c.DNSToken == "":
		field.AddSecret(certificatesKey+".dnsToken", "",
			"an API token that may read and write the domain's records, and nothing else: it is kept in the cluster", errs)
		return
	case c.DNS == nil:
		return
	case c.DNSToken != "":
		errs.Add(certificatesKey+".dnsToken", field.Hidden, "none with "+key+", which is another provider",
			"pulumi config rm --path '"+certificatesKey+".dnsToken'")
	}
	provider, known := components.DNSProviders[c.DNS.Provider]
	if !known {
		return // reported by its enumeration
	}
	options := slices.Concat(provider.Required, provider.Options)
	slices.Sort(options)
	validateFields(key+".options", c.DNS.Options, provider.Required, options, false, errs)
	validateFields(key+".secrets", c.DNS.Secrets, provider.Secrets, provider.Secrets, true, errs)
}

// validateFields requires fields of a provider, and refuses those that it does not have.
func validateFields(key string, given map[string]string, required, known []string, secret bool, errs *field.Errors) {
	for _, name := range sortedKeys(given) {
		if !slices.Contains(known, name) {
			errs.Add(key+"."+name, field.Hidden, allowedFields(known), "pulumi config rm --path '"+key+"."+name+"'")
		}
	}
	for _, name := range required {
		switch {
		case given[name] != "":
		case secret:
			field.AddSecret(key+"."+name, "", "a secret, which cert-manager requires for this provider", errs)
		default:
			errs.Add(key+"."+name, nil, "a value, which cert-manager requires",
				"pulumi config set --path '"+key+"."+name+"' <value>")
		}
	}
}

func allowedFields(known []string) string {
	if len(known) == 0 {
		return "none: this provider has no such fields"
	}
	return "one of " + strings.Join(known, ", ")
}

// validateSites refuses hostnames that are there twice, or not below the domain, and namespaces of the stack.
func validateSites(s Settings, errs *field.Errors) {
	e := s.exposure()
	seen := []string{e.Hostnames.Grafana, e.Hostnames.FalcosidekickUI}
	for i, site := range e.Sites {
		key := fmt.Sprintf("exposure.sites[%d]", i)
		switch {
		case slices.Contains(seen, site.Hostname):
			errs.Add(key+".hostname", site.Hostname, "each hostname once", "choose another one")
		case e.Domain != "" && !strings.HasSuffix(site.Hostname, "."+e.Domain):
			errs.Add(key+".hostname", site.Hostname, formats["hostname"].Allowed,
				"pulumi config set --path '"+key+".hostname' <name>."+e.Domain)
		}
		seen = append(seen, site.Hostname)
		if s.Namespaces.has(site.Namespace) {
			errs.Add(key+".namespace", site.Namespace, "a namespace of applications: none of this stack",
				"name the namespace of the application")
		}
	}
}
