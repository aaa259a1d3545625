package stack

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"text/template"
	"unicode"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"

	"doks-security/account/accounttest"
	"doks-security/charts/chartstest"
	"doks-security/rules/lint"
	"doks-security/stack/field"
	"doks-security/stack/stacktest"
)

// run runs the program with a stack file, and returns what it registers: an empty account, and a project directory with
// the file.
func run(t *testing.T, api string, file map[string]any) (map[string]resource.PropertyMap, error) {
	t.Helper()
	root := t.TempDir()
	text, err := yaml.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(root, "Pulumi.dev.yaml")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := chartstest.Fill(root); err != nil {
		t.Fatal(err)
	}
	config, secret := readConfig(t, text)
	config["digitalocean:apiEndpoint"] = api
	m := &mocks{}
	err = pulumi.RunErr(Deploy, pulumi.WithMocks(Project, "dev", m), func(info *pulumi.RunInfo) {
		info.Config, info.ConfigSecretKeys, info.RootDirectory = config, secret, root
	})
	return m.resources, err
}

// Whatever the settings are: either an error that can be read, or objects that their parsers take for what was meant.
func FuzzSettings(f *testing.F) {
	for _, key := range []string{"SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"} {
		f.Setenv(key, "set")
	}
	account := accounttest.Account{Versions: []string{"1.34.2-do.10"}, Sizes: []godo.Size{{Slug: "s-4vcpu-8gb"}},
		Domains: []string{"example.org"}, Kubeconfig: emptyCluster()}
	api := account.Serve()
	f.Cleanup(api.Close)
	for _, seed := range stacktest.Seeds() {
		f.Add(seed)
	}
	var templates map[string]bool // all strings of the unaltered settings
	f.Fuzz(func(t *testing.T, data []byte) {
		if templates == nil {
			resources, err := run(t, api.URL, everything(t))
			if err != nil {
				t.Fatal(err)
			}
			templates = map[string]bool{}
			for _, inputs := range resources {
				eachString(inputs.MapRepl(nil, resolved), func(text string) { templates[text] = true })
			}
		}
		file := everything(t)
		stacktest.Alter(file, data)
		text, err := yaml.Marshal(file)
		if err != nil || yaml.Unmarshal(text, &map[string]any{}) != nil {
			t.Skip("no YAML")
		}
		resources, err := run(t, api.URL, file)
		if err != nil {
			checkError(t, file, err)
			return
		}
		for key, inputs := range resources {
			checkResource(t, key, inputs, templates)
			for _, secret := range secretsOf(file) {
				if open := fmt.Sprint(inputs.MapRepl(nil, masked)); strings.Contains(open, secret) {
					t.Errorf("%s has the secret %q in plain text", key, secret)
				}
			}
		}
	})
}

// checkError: short lines without control characters and secrets.
func checkError(t *testing.T, file map[string]any, err error) {
	t.Helper()
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if len([]rune(line)) > 1100 || strings.ContainsFunc(line,
			func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
			t.Errorf("a line of an error that cannot be read: %q", line)
		}
	}
	for _, secret := range secretsOf(file) {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("an error has the secret %q: %v", secret, err)
		}
	}
}

// secretsOf are the secrets of a stack file that are long enough to be found, and in no setting that is public.
func secretsOf(file map[string]any) []string {
	var all []string
	var public strings.Builder
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			if text, ok := v["secure"].(string); ok && field.Encrypted(v) {
				if len(text) > 8 && text != "[may be secret]" {
					all = append(all, text)
				}
				return
			}
			for _, element := range v {
				walk(element)
			}
		case []any:
			for _, element := range v {
				walk(element)
			}
		default:
			fmt.Fprintln(&public, v)
		}
	}
	walk(file)
	return slices.DeleteFunc(all, func(text string) bool { return strings.Contains(public.String(), text) })
}

// checkResource holds what is rendered against the parsers of what it ends in: YAML, Go and Helm templates, Falco's
// rules.
func checkResource(t *testing.T, key string, inputs resource.PropertyMap, templates map[string]bool) {
	t.Helper()
	object := inputs.MapRepl(nil, resolved)
	encoded, err := yaml.Marshal(object)
	var read map[string]any
	if err == nil {
		err = yaml.Unmarshal(encoded, &read)
	}
	before, _ := json.Marshal(object)
	after, _ := json.Marshal(read)
	if err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("%s is another object as YAML (%v):\n%s\n%s", key, err, before, after)
	}
	eachString(object, func(text string) {
		if strings.HasPrefix(key, "kubernetes:helm.sh") && !templates[text] &&
			(strings.Contains(text, "{{") || field.Variable.MatchString(text)) {
			t.Errorf("%s has a template or a variable that is not the program's: %q", key, text)
		}
	})
	switch {
	case strings.Contains(key, ":PrometheusRule::"):
		eachString(object, func(text string) {
			if _, err := template.New("").Funcs(functions).Parse("{{$labels := .}}{{$value := .}}" + text); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		})
	case strings.HasSuffix(key, "::monitoring-alertmanager-config"):
		text := fmt.Sprint(object["stringData"].(map[string]any)["alertmanager.yaml"])
		var config map[string]any
		if err := yaml.Unmarshal([]byte(text), &config); err != nil || field.Variable.MatchString(text) {
			t.Errorf("Alertmanager's configuration: %v\n%s", err, text)
		}
	case strings.HasSuffix(key, "Release::falco"):
		checkRules(t, object["values"].(map[string]any)["customRules"].(map[string]any))
	case strings.HasSuffix(key, "Release::oauth2-proxy"):
		for name, value := range object["values"].(map[string]any)["extraArgs"].(map[string]any) { // as the chart writes them
			flag := fmt.Sprintf("--%s=%v", name, value)
			var list []any
			if err := yaml.Unmarshal([]byte("- "+flag+"\n"), &list); err != nil || len(list) != 1 || list[0] != flag {
				t.Errorf("the flag %q is %v in YAML (%v)", flag, list, err)
			}
		}
	}
}

func checkRules(t *testing.T, files map[string]any) {
	t.Helper()
	loaded := lint.StockNames(lint.Stable)
	for _, name := range sortedKeys(files) {
		loaded = append(loaded, lint.File{Name: name, Text: files[name].(string)})
	}
	_, problems := lint.Load(nil, loaded...)
	for _, p := range problems.Blocking() {
		t.Errorf("%s: %s", p.Position, p.Text())
	}
}

// functions of Prometheus' templates that the alerts use.
var functions = template.FuncMap{
	"humanize": fmt.Sprint, "humanizePercentage": fmt.Sprint, "humanizeDuration": fmt.Sprint, "urlquery": fmt.Sprint,
}

func eachString(value any, visit func(string)) {
	switch v := value.(type) {
	case string:
		visit(v)
	case map[string]any:
		for key, element := range v {
			visit(key)
			eachString(element, visit)
		}
	case []any:
		for _, element := range v {
			eachString(element, visit)
		}
	}
}

// masked hides secrets, which resolved shows as they are.
func masked(v resource.PropertyValue) (any, bool) {
	if v.IsSecret() {
		return "masked", true
	}
	return nil, false
}
