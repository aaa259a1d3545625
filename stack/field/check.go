package field

import (
	"regexp"
	"strings"
	"unicode"
)

// Hidden replaces in messages a value that may be a secret.
const Hidden = "[may be secret]"

var (
	// Label is a DNS label (RFC 1123), as Kubernetes names most things.
	Label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	// OCIRegistry is a host and a path of a registry (github.com/opencontainers/distribution-spec).
	OCIRegistry = regexp.MustCompile(`^oci://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*/?$`)
	// Variable is what the config reloader of prometheus-operator replaces by its own environment variable in the
	// configurations of Prometheus and Alertmanager. It fails where there is none of that name.
	Variable = regexp.MustCompile(`\$\([A-Za-z0-9_]+\)`)
)

// KubernetesNamespaces are in every cluster.
var KubernetesNamespaces = []string{"default", "kube-node-lease", "kube-public", "kube-system"}

// AddSecret adds the error of a secret, whose value is not shown.
func AddSecret(key, value, allowed string, errs *Errors) {
	shown := any(Hidden)
	if value == "" {
		shown = nil
	}
	errs.Add(key, shown, allowed, "pulumi config set --secret "+argument(key)+" <value>")
}

// EncryptCommand sets a secret, without its value in the shell's history. A value that was committed in plain text
// stays in the history of the repository.
func EncryptCommand(key string) string {
	return "pulumi config set --secret " + argument(key) +
		", which asks for the value; replace a value that was committed where it was issued"
}

// argument names a setting for pulumi config set: nested ones by their path.
func argument(key string) string {
	if strings.Contains(key, ".") {
		return "--path '" + key + "'"
	}
	return key
}

// CheckLogin adds an error for a user name or password that the config reloader of prometheus-operator or YAML would
// change.
func CheckLogin(key, value string, errs *Errors) {
	if Variable.MatchString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		errs.Add(key, Hidden,
			"no $(NAME), which prometheus-operator replaces by an environment variable, and no control character",
			"choose a value without them")
	}
}
