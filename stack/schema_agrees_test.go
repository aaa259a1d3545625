package stack

import (
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// caught are the faulty stack files an editor underlines. The others take more than one value to see, or a look
// elsewhere.
var caught = []string{
	"alerting-extra-key-misspelled", "alerting-group-by-not-a-label",
	"admission-unknown", "alerting-heartbeat-interval-in-seconds", "alerting-opsgenie-region-unknown",
	"alerting-receiver-key-misspelled", "alerting-severity-unknown", "alertmanager-priority-unknown",
	"approved-digest-is-a-tag", "approved-digest-short", "approved-digests-empty", "approved-key-misspelled",
	"approved-namespace-invalid", "approved-namespace-missing", "approved-namespaces-renamed", "approved-old-form",
	"cluster-name-uppercase", "credentials-unknown", "falco-version-unknown", "forward-events-priority-unknown",
	"forward-password-not-text", "grafana-volume-negative", "key-in-list-misspelled", "key-misspelled",
	"key-nested-misspelled", "logging-storage-unknown", "maintenance-day-unknown", "maintenance-start-not-a-time",
	"metrics-unknown", "namespaces-name-invalid", "namespaces-name-reserved", "namespaces-prefix-uppercase",
	"namespaces-role-unknown", "pool-name-underscore", "pool-size-no-slug", "pool-taint-effect-unknown",
	"pool-taint-key-invalid", "profile-unknown", "provides-unknown", "project-environment-unknown",
	"prometheus-retention-not-a-period",
	"prometheus-volume-too-small", "redis-volume-too-small", "region-no-slug", "section-misspelled",
	"section-not-an-object", "spaces-bucket-uppercase", "spaces-from-not-a-day", "spaces-region-without-spaces",
	"tag-with-space",
	"namespace-misspelled", "secret-slack-url-plain-with-an-encrypted", "secret-pagerduty-key-plain-with-an-encrypted",
	"secret-opsgenie-key-plain-with-an-encrypted", "secret-webhook-url-plain-with-an-encrypted",
	"secret-email-password-plain-with-an-encrypted", "secret-heartbeat-url-plain-with-an-encrypted",
	"secret-remote-write-password-plain-with-an-encrypted", "secret-events-url-plain-with-an-encrypted",
	"secret-grafana-client-plain-with-an-encrypted", "secret-oauth2-proxy-client-plain-with-an-encrypted",
	"secret-dns-token-plain-with-an-encrypted", "exposure-identity-group-ends-in-colon",
	"type-fraction-for-number", "type-list-for-object", "type-number-for-text", "type-text-for-boolean",
	"type-text-for-list", "ui-retention-not-a-period", "version-latest",
}

func TestSchemaAgreesWithTheProgram(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	check := func(text []byte) error {
		var content any
		if err := yaml.Unmarshal(text, &content); err != nil {
			t.Fatal(err)
		}
		return schema.Validate(content)
	}
	files := slices.Concat(fixtures(t, "testdata/valid/*.yaml"), fixtures(t, "testdata/environments/*.yaml"))
	for _, file := range files {
		if err := check(read(t, file)); err != nil {
			t.Errorf("%s is valid: %v", file, err)
		}
	}
	invalid := map[string][]byte{}
	for _, c := range invalidCases(t) {
		invalid[c.name] = c.stackFile
	}
	for _, name := range caught {
		if text := invalid[name]; text == nil || check(text) == nil {
			t.Errorf("%s passes, or is no case", name)
		}
	}
	for name, text := range map[string]string{
		"a secret":                    "config: {doks-security:forward: {events: {url: {secure: abc}}}}",
		"another namespace":           "encryptionsalt: a\nconfig: {digitalocean:token: {secure: abc}}",
		"a secret that is misspelled": "config: {doks-security:forward: {events: {url: {secret: abc}}}}",
		"an unknown section":          "config: {doks-security:clusters: {}}",
		"no namespace":                "config: {profile: dev}",
		"no config":                   "configuration: {}",
	} {
		var content any
		if err := yaml.Unmarshal([]byte(text), &content); err != nil {
			t.Fatal(err)
		}
		valid := name == "a secret" || name == "another namespace"
		if err := schema.Validate(content); (err == nil) != valid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
