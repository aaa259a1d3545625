package monitoring

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/notify/jira"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/timeinterval"
	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"doks-security/values"
)

const (
	// fieldsFile is what package alerting checks Alertmanager's own configuration by.
	fieldsFile = "../../alerting/alertmanager.json"
	// operatorFile are the fields that prometheus-operator reads, of each of its types: the key and the type.
	operatorFile   = "testdata/prometheus-operator.yaml"
	operatorModule = "github.com/prometheus-operator/prometheus-operator"
)

// scalars are the types that are written as one value, or that are checked by code of their own.
var scalars = map[reflect.Type]string{
	reflect.TypeFor[commoncfg.Secret]():           "secret",
	reflect.TypeFor[amcommon.SecretURL]():         "secretURL",
	reflect.TypeFor[amcommon.SecretTemplateURL](): "secretURL",
	reflect.TypeFor[amcommon.URL]():               "url",
	reflect.TypeFor[commoncfg.URL]():              "url",
	reflect.TypeFor[config.HostPort]():            "hostPort",
	reflect.TypeFor[time.Duration]():              "duration",
	reflect.TypeFor[model.Duration]():             "period",
	reflect.TypeFor[commoncfg.TLSVersion]():       "tlsVersion",
	reflect.TypeFor[amcommon.Matchers]():          "matchers",
	reflect.TypeFor[commoncfg.Headers]():          "map of Header",
	reflect.TypeFor[jira.JiraFieldConfig]():       "string",
	reflect.TypeFor[timeinterval.TimeInterval]():  "timeInterval",
}

// deprecated fields have a successor, and go with Alertmanager 1.0.
var deprecated = []string{"match", "match_re", "source_match", "source_match_re", "target_match", "target_match_re"}

// operatorTypes are the fields of prometheus-operator's types, by key, each with its type.
type operatorTypes struct {
	Version string                       `yaml:"version"`
	Types   map[string]map[string]string `yaml:"types"`
}

// fields collects the fields of Alertmanager's types that prometheus-operator knows as well: it reads the
// configuration strictly and writes it again.
type fields struct {
	operator operatorTypes
	types    map[string]map[string]string
}

// of names the type of a field, and collects those of a struct.
func (f fields) of(t *testing.T, declared reflect.Type, operator string) string {
	t.Helper()
	if name, ok := scalars[declared]; ok {
		if name == "map of Header" {
			f.of(t, reflect.TypeFor[commoncfg.Header](), "")
		}
		return name
	}
	switch declared.Kind() {
	case reflect.Pointer:
		return f.of(t, declared.Elem(), operator)
	case reflect.Slice:
		return "list of " + f.of(t, declared.Elem(), operator)
	case reflect.Map:
		return "map of " + f.of(t, declared.Elem(), operator)
	case reflect.Interface:
		return "any"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		if declared.PkgPath() != "" { // a duration of Alertmanager's own
			return "duration"
		}
		return "integer"
	case reflect.Uint64:
		return "count"
	case reflect.Struct:
		if _, known := f.types[declared.Name()]; !known { // a route has routes
			f.add(t, declared, operator, declared.Name())
		}
		return declared.Name()
	}
	t.Fatalf("no name of the type %s", declared)
	return ""
}

// add collects the fields of a struct; operator is the name of prometheus-operator's type of the same, empty for any.
func (f fields) add(t *testing.T, declared reflect.Type, operator, into string) {
	t.Helper()
	if _, known := f.types[into]; !known {
		f.types[into] = map[string]string{}
	}
	known, strict := f.operator.Types[operator]
	if operator != "" && !strict {
		t.Fatalf("%s has no type %s: run this test with -update", operatorFile, operator)
	}
	for i := range declared.NumField() {
		field := declared.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline"):
			f.add(t, field.Type, operator, into)
			continue
		case !field.IsExported() || name == "-" || slices.Contains(deprecated, name):
			continue
		case name == "":
			name = strings.ToLower(field.Name)
		}
		if _, has := known[name]; has || !strict {
			f.types[into][name] = f.of(t, field.Type, known[name])
		}
	}
}

// recorded reads the recorded types of prometheus-operator.
func recorded(t *testing.T) operatorTypes {
	t.Helper()
	text, err := os.ReadFile(operatorFile)
	if err != nil {
		t.Fatal(err)
	}
	var types operatorTypes
	if err := yaml.Unmarshal(text, &types); err != nil {
		t.Fatal(err)
	}
	return types
}

// The recorded types are those of the prometheus-operator that is installed.
func TestOperatorFieldsAreRecorded(t *testing.T) {
	charts, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	version := charts["kube-prometheus-stack"].AppVersion
	if !*update {
		if got := recorded(t).Version; got != version {
			t.Errorf("%s is of %s, kube-prometheus-stack has %s; go test ./monitoring -run Fields -update writes it",
				operatorFile, got, version)
		}
	}
	command := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", operatorModule+"@"+version)
	command.Dir = t.TempDir()
	out, err := command.Output()
	var module struct{ Dir string }
	if err != nil || json.Unmarshal(out, &module) != nil {
		t.Skipf("%s %s cannot be downloaded: %v", operatorModule, version, err)
	}
	types := operatorTypes{version, map[string]map[string]string{}}
	source := filepath.Join(module.Dir, "pkg", "alertmanager", "types.go")
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	inline := map[string][]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		structure, ok := spec.Type.(*ast.StructType)
		if !ok {
			return false
		}
		types.Types[spec.Name.Name] = map[string]string{}
		for _, field := range structure.Fields.List {
			name, _, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("yaml"), ",")
			if name == "" {
				inline[spec.Name.Name] = append(inline[spec.Name.Name], ownType(field.Type))
				continue
			}
			types.Types[spec.Name.Name][name] = ownType(field.Type)
		}
		return false
	})
	for name, parts := range inline {
		for _, part := range parts {
			maps.Copy(types.Types[name], types.Types[part])
		}
	}
	text, err := yaml.Marshal(types)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(operatorFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(operatorFile); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%s differs from %s (%v)", operatorFile, source, err)
	}
}

// Package alerting knows the receivers and fields of the Alertmanager that is installed.
func TestAlertmanagerFieldsAreGenerated(t *testing.T) {
	f := fields{recorded(t), map[string]map[string]string{}}
	f.of(t, reflect.TypeFor[config.Receiver](), "receiver")
	f.of(t, reflect.TypeFor[config.Route](), "route")
	f.of(t, reflect.TypeFor[amcommon.InhibitRule](), "inhibitRule")
	f.of(t, reflect.TypeFor[config.TimeInterval](), "")
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(map[string]any{
		"comment":   "Generated from Alertmanager's types: go test ./monitoring -run Fields -update, in the module test",
		"functions": slices.Sorted(maps.Keys(template.DefaultFuncs)), "types": f.types,
		"headers": slices.Sorted(maps.Keys(commoncfg.ReservedHeaders)),
	}); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(fieldsFile, buffer.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(fieldsFile); err != nil || !bytes.Equal(got, buffer.Bytes()) {
		t.Errorf("%s differs from Alertmanager's types (%v); go test ./monitoring -run Fields -update writes it",
			fieldsFile, err)
	}
}

// ownType is the name of a type of the same package, of elements or behind a pointer; empty for others.
func ownType(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.StarExpr:
		return ownType(e.X)
	case *ast.ArrayType:
		return ownType(e.Elt)
	case *ast.Ident:
		if e.Obj != nil {
			return fmt.Sprint(e.Name)
		}
	}
	return ""
}
