package field

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Hidden stands in messages for a value that may be a secret.
const Hidden = "[may be secret]"

var (
	// Label is a DNS label (RFC 1123), as Kubernetes names most things.
	Label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	// Variable is what the config reloader of prometheus-operator replaces by an environment variable of its own in the
	// configurations of Prometheus and Alertmanager. It fails where there is none of that name.
	Variable = regexp.MustCompile(`\$\([A-Za-z0-9_]+\)`)
)

// OneOf tells whether a value is one of those allowed, and adds an error otherwise.
func OneOf(key, value string, allowed []string, errs *Errors) bool {
	if slices.Contains(allowed, value) {
		return true
	}
	errs.Add(key, value, strings.Join(allowed, ", "), fmt.Sprintf("pulumi config set --path '%s' %s", key, allowed[0]))
	return false
}

// AddSecret adds the error of a secret, whose value is not shown.
func AddSecret(key, value, allowed string, errs *Errors) {
	shown := any(Hidden)
	if value == "" {
		shown = nil
	}
	errs.Add(key, shown, allowed, "pulumi config set --secret --path '"+key+"' <value>")
}

// CheckSecretURL adds an error unless the value is an https URL. Such URLs carry their key: the value is not shown.
func CheckSecretURL(key, value string, errs *Errors) {
	if _, ok := ParseURL(value); !ok {
		AddSecret(key, value, "a URL that starts with https://", errs)
	}
}

// CheckLogin adds an error for a user name or password that the config reloader of prometheus-operator or YAML would change.
func CheckLogin(key, value string, errs *Errors) {
	if Variable.MatchString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		errs.Add(key, Hidden,
			"no $(NAME), which prometheus-operator replaces by an environment variable, and no control character",
			"choose a value without them")
	}
}
