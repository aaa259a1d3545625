package stack

import (
	"strings"

	"doks-security/stack/field"
)

// checkURL takes an https URL without credentials: it is written to Helm values and custom resources in plain text.
func checkURL(key, value, what string, errs *field.Errors) {
	set := "pulumi config set --plaintext --path '" + key + "' <url>" // Pulumi takes tokenUrl for a token
	u, ok := field.ParseURL(value)
	switch {
	case !ok:
		errs.Add(key, shown(value), "a URL that starts with https://, "+what, set)
	case field.HasCredentials(u) || strings.Contains(value, "#"):
		errs.Add(key, shown(value), "a URL without a login, a query parameter for a key or token, and a fragment: Helm "+
			"values and custom resources "+
			"have it in plain text", set+", "+what)
	}
}

// shown is a URL in a message: not when it may carry credentials.
func shown(url string) any {
	switch {
	case url == "":
		return nil
	case strings.ContainsAny(url, "@?#"):
		return field.Hidden
	}
	return url
}
