package falcosidekick

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"doks-security/stack/field"
)

// Outputs that people ask for most, as falcosidekick 2.34 reads them.
func TestDeclarations(t *testing.T) {
	for name, keys := range map[string]map[string]string{
		"splunk": {"host": "string", "token": secret, "customheaders": headers, "checkcert": boolean,
			"minimumpriority": "string"},
		"elasticsearch": {"hostport": "string", "index": "string", "username": "string", "password": secret, "apikey": secret,
			"customheaders": jsonMap, "numberofshards": integer, "batching.flushinterval": period},
		"loki": {"hostport": "string", "user": "string", "apikey": secret, "tenant": "string", "customheaders": headers},
		"aws": {"accesskeyid": "string", "secretaccesskey": secret, "region": "string", "s3.bucket": "string",
			"s3.endpoint": "string"},
		"webhook": {"address": secret, "customheaders": headers, "maxconcurrentrequests": integer},
		"syslog":  {"host": "string", "port": "string", "protocol": "string"},
		"gcp":     {"credentials": secret, "pubsub.topic": "string"},
	} {
		for key, kind := range keys {
			if got := original.Outputs[name].Keys[key]; got != kind {
				t.Errorf("%s.%s is %q, want %q", name, key, got, kind)
			}
		}
	}
	if len(names()) < 51 {
		t.Errorf("%d outputs, want at least 51: %v", len(names()), names())
	}
	if got := parse(t, `{"elasticsearch":{"hostport":"https://a.example"}}`).Destinations(); len(got) != 1 {
		t.Errorf("deliveries to Elasticsearch are not counted: %v", got)
	}
	// What falcosidekick does not read from its environment would have no effect.
	for _, key := range []string{"grafana.customheaders", "quickwit.customheaders", "redis.username", "logstash.tls"} {
		output, key, _ := strings.Cut(key, ".")
		if kind, known := original.Outputs[output].Keys[key]; known {
			t.Errorf("%s.%s is %s, which is not read", output, key, kind)
		}
	}
	for name := range taken {
		if _, known := original.Outputs[name]; !known {
			t.Errorf("%s is no output", name)
		}
	}
	for name, d := range original.Outputs {
		for _, p := range d.Parts {
			for _, key := range p.Needs {
				if d.Keys[key] == "" && taken[name][0] == "" {
					t.Errorf("%s needs %s, which is not read", name, key)
				}
			}
		}
	}
}

func parse(t *testing.T, text string) Outputs {
	t.Helper()
	var o Outputs
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestValidate(t *testing.T) {
	for _, c := range []struct{ name, outputs, says string }{
		{"Splunk", `{"splunk":{"host":"https://splunk.example.org:8088/services/collector/event","token":"t",` +
			`"minimumpriority":"warning","checkcert":true}}`, ""},
		{"Elasticsearch", `{"elasticsearch":{"hostport":"https://es.example.org:9200","username":"falco","password":"p",` +
			`"customheaders":{"X-A":"b:c,d"},"batching":{"enabled":true,"flushinterval":"5s"}}}`, ""},
		{"Loki", `{"loki":{"hostport":"https://loki.example.org","tenant":"a","user":"1","apikey":"k",` +
			`"customheaders":{"X-B":"c"}}}`, ""},
		{"S3", `{"aws":{"region":"eu-west-1","accesskeyid":"A","secretaccesskey":"s","s3":{"bucket":"falco"}}}`, ""},
		{"two", `{"telegram":{"chatid":"1","token":"t"},"syslog":{"host":"a","port":"514","protocol":"tcp"}}`, ""},

		{"unknown output", `{"splnk":{}}`, "outputs.splnk: "},
		{"unknown key", `{"splunk":{"host":"https://a.example","tokn":"t"}}`, "outputs.splunk.tokn: [may be secret]"},
		{"unknown nested key", `{"aws":{"s3":{"bukcet":"a"}}}`, "outputs.aws.s3.bukcet"},
		{"the stack's", `{"webui":{"url":"http://a"}}`, "the stack sets it"},
		{"no permission", `{"openfaas":{"functionname":"a"}}`, "use webhook"},
		{"a file", `{"splunk":{"host":"https://a.example","mutualtls":true}}`, "outputs.splunk.mutualtls"},
		{"a text for a boolean", `{"splunk":{"host":"https://a.example","checkcert":"true"}}`, "true or false"},
		{"a text for a number", `{"elasticsearch":{"hostport":"https://a.example","numberofshards":"3"}}`,
			"an integer from 0"},
		{"a number for a text", `{"syslog":{"host":"a","port":514}}`, "outputs.syslog.port"},
		{"no priority", `{"splunk":{"host":"https://a.example","minimumpriority":"high"}}`, "emergency, alert"},
		{"a secret with a line break", `{"splunk":{"host":"https://a.example","token":"a\n"}}`, "line break"},
		{"a header that would be cut", `{"splunk":{"host":"https://a.example","customheaders":{"X-A":"b:c"}}}`,
			"outputs.splunk.customheaders.X-A"},
		{"a list with a comma", `{"logstash":{"address":"a","tags":["b,c"]}}`, "outputs.logstash.tags"},
		{"no duration", `{"elasticsearch":{"hostport":"https://a.example","batching":{"flushinterval":"5"}}}`, "a duration"},
		{"nothing that it needs", `{"splunk":{"token":"t"}}`, "outputs.splunk.host: not set"},
		{"a part of what it needs", `{"telegram":{"chatid":"1"}}`,
			"pulumi config set --secret --path 'outputs.telegram.token'"},
		{"one of two", `{"aws":{"s3":{"bucket":"a"},"securitylake":{"bucket":"a"}}}`, "outputs.aws.securitylake.region"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var errs field.Errors
			parse(t, c.outputs).Validate("outputs", &errs)
			err := errs.Err()
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("err = %v, want it to contain %q", err, c.says)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	got := parse(t, `{"splunk":{"host":"https://a.example","token":"t","checkcert":false,`+
		`"customheaders":{"X-B":"c","X-A":"b"}},"elasticsearch":{"hostport":"https://es.example","numberofshards":12,`+
		`"maxconcurrentrequests":2,"customheaders":{"X-A":"b:c"},"batching":{"enabled":true}},`+
		`"logstash":{"address":"a","tags":["b","c"]},"aws":{"s3":{"bucket":"falco"}}}`).Environment()
	want := map[string]string{
		"SPLUNK_HOST": "https://a.example", "SPLUNK_TOKEN": "t", "SPLUNK_CHECKCERT": "false",
		"SPLUNK_CUSTOMHEADERS": "X-A:b,X-B:c", "SPLUNK_MAXCONCURRENTREQUESTS": "10",
		"ELASTICSEARCH_HOSTPORT": "https://es.example", "ELASTICSEARCH_NUMBEROFSHARDS": "12",
		"ELASTICSEARCH_MAXCONCURRENTREQUESTS": "2", "ELASTICSEARCH_CUSTOMHEADERS": `{"X-A":"b:c"}`,
		"ELASTICSEARCH_BATCHING_ENABLED": "true",
		"LOGSTASH_ADDRESS":               "a", "LOGSTASH_TAGS": "b,c", "AWS_S3_BUCKET": "falco",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestDestinations(t *testing.T) {
	got := parse(t, `{"splunk":{"host":"https://a.example","minimumpriority":"warning"},"aws":{"s3":{"bucket":"a"},`+
		`"sqs":{"url":"https://sqs.example","minimumpriority":"error"}},"statsd":{"forwarder":"a:8125"}}`).Destinations()
	want := []Destination{{"awssqs", "error"}, {"awss3", ""}, {"splunk", "warning"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEachSecret(t *testing.T) {
	var outputs any
	text := `{"splunk":{"host":"https://a.example","token":"plain",` +
		`"customheaders":{"X-A":"plain","X-B":{"secure":"c"}}},` +
		`"elasticsearch":{"hostport":"https://user:plain@es.example","password":{"secure":"c"}},` +
		`"loki":{"secure":"c"},"aws":{"secretaccesskey":"plain","s3":{"bucket":"a"}},"webhook":{"address":"plain"}}`
	if err := json.Unmarshal([]byte(text), &outputs); err != nil {
		t.Fatal(err)
	}
	var got []string
	EachSecret(outputs, "o", func(path string, _ any) { got = append(got, path) })
	slices.Sort(got)
	want := []string{"o.aws.secretaccesskey", "o.elasticsearch.hostport", "o.splunk.customheaders.X-A", "o.splunk.token",
		"o.webhook.address"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
