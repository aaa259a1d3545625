package values

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// prefixed are names that share no text with the defaults but the end.
func prefixed() Namespaces {
	names := DefaultNamespaces()
	for role := range names {
		names[role] = "obs-" + role
	}
	return names
}

func TestFill(t *testing.T) {
	names := Namespaces{"loki": "logs", "falco": "123"}
	for _, c := range []struct{ name, text, want, message string }{
		{"no placeholder", "http://loki:3100", "http://loki:3100", ""},
		{"the whole text", "<namespace:loki>", "logs", ""},
		{"in the middle, twice", "a.<namespace:loki>.svc,b.<namespace:loki>.svc", "a.logs.svc,b.logs.svc", ""},
		{"another placeholder", "<name:loki>", "<name:loki>", ""},
		{"an unknown role", "<namespace:lokki>", "", "no namespace for <namespace:lokki>; allowed roles: falco, loki"},
		{"a space", "<namespace: loki>", "", "no namespace for <namespace: loki>"},
		{"all that are unknown", "<namespace:a> <namespace:b>", "", "<namespace:a>, <namespace:b>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := names.fill(c.text)
			if got != c.want || (err == nil) != (c.message == "") || err != nil && !strings.Contains(err.Error(), c.message) {
				t.Errorf("got %q, %v; want %q, %q", got, err, c.want, c.message)
			}
		})
	}
}

// A name of digits stays a string: the placeholder is replaced in strings, not in YAML.
func TestFillAllKeepsTypes(t *testing.T) {
	value := map[string]any{"list": []any{"<namespace:falco>", 1, map[string]any{"a": "x.<namespace:falco>"}}, "on": true,
		"none": nil}
	got, err := Namespaces{"falco": "123"}.fillAll(value)
	if want := `{"list":["123",1,{"a":"x.123"}],"none":null,"on":true}`; err != nil || asJSON(t, got) != want {
		t.Errorf("got %s, %v; want %s", asJSON(t, got), err, want)
	}
	if _, err := (Namespaces{}).fillAll(value); err == nil ||
		!strings.Contains(err.Error(), "list: no namespace for <namespace:falco>") {
		t.Errorf("err = %v, want one with the key", err)
	}
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// everything is what the stack reads of this directory with these names, as text by file or release.
func everything(t *testing.T, names Namespaces) map[string]string {
	t.Helper()
	texts := map[string]string{}
	charts, err := Charts()
	if err != nil {
		t.Fatal(err)
	}
	for release := range charts {
		if release == "falco-8" {
			continue // the values of falco
		}
		overlays, err := fs.Glob(files, release+"/*.yaml")
		if err != nil {
			t.Fatal(err)
		}
		var options []string
		for _, file := range overlays {
			if option := strings.TrimSuffix(path.Base(file), ".yaml"); isOverlay(file) && option != "prod" {
				options = append(options, option)
			}
		}
		for _, profile := range Profiles {
			loaded, err := Load(release, profile, names, options...)
			if err != nil {
				t.Fatal(err)
			}
			texts[profile+" "+release] = asJSON(t, loaded)
		}
	}
	for _, metrics := range []string{"native", "falco-exporter"} {
		rules, err := Alerts(metrics, names, nil, AlertLinks{})
		if err != nil {
			t.Fatal(err)
		}
		texts[metrics] = asJSON(t, rules)
	}
	dashboards, err := Dashboards()
	if err != nil {
		t.Fatal(err)
	}
	for uid, text := range dashboards {
		texts[uid] = text
	}
	return texts
}

// Other names change nothing but the names.
func TestNamesChangeOnlyNames(t *testing.T) {
	defaults, changed := everything(t, DefaultNamespaces()), 0
	for what, text := range everything(t, prefixed()) {
		if text != defaults[what] {
			changed++
		}
		if got := strings.ReplaceAll(text, "obs-", ""); got != defaults[what] {
			t.Errorf("%s\n%s\nwant\n%s", what, got, defaults[what])
		}
		if strings.Contains(text, "<namespace") || strings.Contains(text, `\u003cnamespace`) {
			t.Errorf("%s has a placeholder that nothing replaces", what)
		}
	}
	if changed < 10 {
		t.Errorf("names change %d texts, want at least 10", changed)
	}
}

// literals finds the default name of a namespace where a namespace is meant: in a Service's name, in a selector of
// Prometheus, Loki or Kubernetes, in the job of Loki, in a rule of Alloy, in a key of values.
func literals(text string) []string {
	roles := strings.Join(DefaultNamespaces().Roles(), "|")
	var found []string
	for _, pattern := range []string{
		`[a-z0-9]\.(` + roles + `)(\.svc|:[0-9])`,
		`[a-z_]*(namespace|ns_name)\\*"?\s*(=~?|!=)\s*\\*"(` + roles + `)\\*"`,
		`"[a-zA-Z]*[nN]amespace[a-zA-Z]*":\s*\[?"(` + roles + `)"`,
		`"values":\s*\[[^\]]*"(` + roles + `)"`,
		`job\\*"?(=~?|!=)\\*"(` + roles + `)/`,
		`regex\s*=\s*\\*"(` + roles + `)/`,
	} {
		found = append(found, regexp.MustCompile(pattern).FindAllString(text, -1)...)
	}
	return found
}

func TestNoNamespaceIsLiteral(t *testing.T) {
	for what, text := range everything(t, prefixed()) {
		for _, literal := range literals(text) {
			t.Errorf("%s: %s: write <namespace:role>, see Namespaces", what, literal)
		}
	}
}

// With the default names every place of a placeholder is one that literals finds: the test above can fail.
func TestLiteralsAreFound(t *testing.T) {
	placeholders, found := 0, 0
	placeholder := regexp.MustCompile("<namespace(:|s>)")
	count := func(value any) { placeholders += len(placeholder.FindAllString(fmt.Sprint(value), -1)) }
	for _, release := range []string{"alloy", "falco", "falco-exporter", "kube-prometheus-stack", "oauth2-proxy"} {
		content, err := anyFolder.values(release + "/values.yaml")
		if err != nil {
			t.Fatal(err)
		}
		count(content)
		filled, err := DefaultNamespaces().fillAll(content)
		if err != nil {
			t.Fatal(err)
		}
		found += len(literals(asJSON(t, filled)))
	}
	for _, file := range []string{"oauth2-proxy/alerts.yaml", "falco/alerts.yaml", "loki/alerts.yaml"} {
		text, err := files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		count(string(text))
		rules, err := anyFolder.RuleGroups(file, DefaultNamespaces())
		if err != nil {
			t.Fatal(err)
		}
		found += len(literals(asJSON(t, rules)))
	}
	if found != placeholders || found < 15 {
		t.Errorf("%d of %d places are found", found, placeholders)
	}
}

func TestAlertsRefuseAnUnknownRole(t *testing.T) {
	_, err := Alerts("native", Namespaces{"loki": "loki"}, nil, AlertLinks{})
	if want := "no namespace for <namespace:"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("err = %v, want it to contain %q", err, want)
	}
	_, err = Load("oauth2-proxy", "dev", Namespaces{})
	if want := "oauth2-proxy: extraArgs: upstream: no namespace for <namespace:falco>"; err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("err = %v, want it to contain %q", err, want)
	}
}

// A placeholder is a plain scalar, alone and in a list or map of one line.
func TestPlaceholderIsPlainYAML(t *testing.T) {
	var got map[string]any
	text := "a: <namespace:loki>\nb: [<namespace:loki>, <namespace:node-agents>]\nc: {d: <namespace:loki>, e: 1}\n"
	if err := yaml.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := `{"a":"<namespace:loki>","b":["<namespace:loki>","<namespace:node-agents>"],` +
		`"c":{"d":"<namespace:loki>","e":1}}`
	encoded := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(asJSON(t, got))
	if encoded != want {
		t.Errorf("got %s, want %s", encoded, want)
	}
}
