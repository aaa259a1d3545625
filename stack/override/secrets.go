package override

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"doks-security/stack/field"
)

var (
	// Names of values that are secrets, without separators and in lower case. What only refers to a secret is no match:
	// existingSecret, secretName, passwordKey, tokenUrl.
	secretName = regexp.MustCompile(`(password|passwd|passphrase|pwd|token|^secret|clientsecret|cookiesecret|` +
		`sharedsecret|appsecret|apisecret|secretkey|secretaccesskey|apikey|accesskey|privatekey|signingkey|` +
		`encryptionkey|routingkey|servicekey|integrationkey|licensekey|credentials?|connectionstring|dsn|htpasswd)$`)
	reference = regexp.MustCompile(`^existing|^use|^create|^automount|^enable`)
	// Names of services whose webhook's address is the key to it.
	webhook   = regexp.MustCompile(`webhook|slack|discord|teams|mattermost|rocketchat|googlechat|telegram`)
	address   = regexp.MustCompile(`(url|address|endpoint)$`)
	separator = strings.NewReplacer("-", "", "_", "", ".", "", "/", "")
	// A value that names where the secret is: ${NAME}, $(NAME), $__file{/path}, {{ .Values.x }}.
	elsewhere  = regexp.MustCompile(`^\s*(\$\{[^}]*\}|\$\([^)]*\)|\$__(file|env)\{[^}]*\}|\{\{.*\}\})\s*$`)
	anyURL     = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'<>` + "`" + `]+`)
	privateKey = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`)
)

// hidden reports whether the last key of a path names a secret.
func hidden(path string) bool {
	keys := strings.Split(path, ".")
	last := normal(keys[len(keys)-1])
	if reference.MatchString(last) {
		return false
	}
	parent := ""
	if len(keys) > 1 {
		parent = normal(keys[len(keys)-2])
	}
	return secretName.MatchString(last) || address.MatchString(last) && webhook.MatchString(parent+last)
}

func normal(key string) string { return separator.Replace(strings.ToLower(key)) }

// CheckSecrets refuses secrets in plain text: a file of values is committed, and Helm keeps values in its records.
func (f File) CheckSecrets(errs *field.Errors) {
	eachText("", f.Values, func(path, text string) {
		key := f.key(path)
		const fix = "write it to a Secret of the release's namespace, and refer to that with what the chart has for it " +
			"(existingSecret, extraEnvFrom, valueFrom.secretKeyRef); replace a value that was committed where it was issued"
		switch {
		case errs.Has(key) || !secret(path, text):
		case carriesLogin(text):
			errs.Add(key, field.Hidden, "URLs without a login and without a query parameter for a key or token", fix)
		default:
			errs.Add(key, field.Hidden, "no secret: whoever reads the file could use it", fix)
		}
	})
}

// secret reports whether a text is or holds a secret, and not where one is.
func secret(path, text string) bool {
	return text != "" && !elsewhere.MatchString(text) &&
		(hidden(path) || privateKey.MatchString(text) || carriesLogin(text))
}

// shown is a value in a message: not when it, or anything in it, is a secret.
func shown(path string, value any) any {
	show := field.Plain(value)
	eachText(path, value, func(path, text string) {
		if secret(path, text) {
			show = field.Hidden
		}
	})
	return show
}

// carriesLogin reports whether a URL in the text does.
func carriesLogin(text string) bool {
	for _, found := range anyURL.FindAllString(text, -1) {
		if u, err := url.Parse(found); err == nil && field.HasCredentials(u) {
			return true
		}
	}
	return false
}

// eachText calls found for every string, and for numbers, which may be secrets as well. An element of a list of name
// and value, such as a variable of the environment, has its name as key.
func eachText(path string, value any, found func(path, text string)) {
	switch v := value.(type) {
	case map[string]any:
		if name, ok := v["name"].(string); ok {
			if text, ok := v["value"].(string); ok {
				found(strings.TrimPrefix(path+"."+name, "."), text)
			}
		}
		for key, below := range v {
			eachText(strings.TrimPrefix(path+"."+key, "."), below, found)
		}
	case []any:
		for i, below := range v {
			eachText(path+"["+strconv.Itoa(i)+"]", below, found)
		}
	case string:
		found(path, v)
	case int:
		found(path, strconv.Itoa(v))
	}
}
