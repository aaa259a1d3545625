package stack

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"gopkg.in/yaml.v3"

	"doks-security/alerting"
	"doks-security/components"
	"doks-security/preflight/incluster"
	"doks-security/rules/judge"
	"doks-security/stack/catalog"
	"doks-security/values"
)

// schemaFile is what editors complete and check stack files with.
const schemaFile = "../schema/stack.schema.json"

type object = map[string]any

// constraints are what the types do not say, by path: [] is an element of a list, {} a value of a map.
var constraints = map[string]object{
	"profile":                              {"enum": []Profile{Dev, Prod}},
	"project.environment":                  {"enum": []string{"Development", "Staging", "Production"}},
	"project.name":                         {"maxLength": 175},
	"project.description":                  {"maxLength": 255},
	"cluster.credentials":                  {"enum": []components.Credentials{components.TokenCredentials, components.DoctlCredentials}},
	"cluster.name":                         {"pattern": label.String()},
	"cluster.region":                       {"enum": regions},
	"cluster.version":                      {"pattern": versionPrefix.String()},
	"cluster.maintenance.day":              {"enum": days},
	"cluster.maintenance.start":            {"pattern": clock.String()},
	"cluster.tags[]":                       {"pattern": tag.String()},
	"cluster.provides[]":                   {"enum": incluster.Providable},
	"cluster.pools":                        {"minItems": 1},
	"cluster.pools[]":                      {"required": []string{"name", "size"}},
	"cluster.pools[].name":                 {"pattern": label.String()},
	"cluster.pools[].size":                 {"anyOf": []object{{"pattern": droplet.String()}, {"pattern": cpuOptimized.String()}}},
	"cluster.pools[].count":                {"minimum": 1, "maximum": 512},
	"cluster.pools[].autoScale":            {"required": []string{"min", "max"}},
	"cluster.pools[].autoScale.min":        {"minimum": 1, "maximum": 512},
	"cluster.pools[].autoScale.max":        {"minimum": 1, "maximum": 512},
	"cluster.pools[].taints[]":             {"required": []string{"key", "effect"}},
	"cluster.pools[].taints[].key":         {"pattern": labelKey.String()},
	"cluster.pools[].taints[].value":       {"pattern": labelValue.String()},
	"cluster.pools[].taints[].effect":      {"enum": effects},
	"cluster.pools[].labels{}":             {"pattern": labelValue.String()},
	"observability.prometheusRetention":    {"pattern": duration.String()},
	"observability.prometheusVolumeGiB":    {"minimum": 2, "maximum": 16384},
	"observability.alertmanagerVolumeGiB":  {"minimum": 1, "maximum": 1024},
	"observability.grafanaVolumeGiB":       {"minimum": 1, "maximum": 1024},
	"logging.storage":                      {"enum": []string{StorageVolume, StorageSpaces}},
	"logging.retention":                    {"pattern": duration.String()},
	"logging.volumeGiB":                    {"minimum": 2, "maximum": 16384},
	"logging.spaces.region":                {"enum": catalog.SpacesRegions},
	"logging.spaces.bucket":                {"pattern": bucketName.String()},
	"logging.spaces.from":                  {"pattern": date.String()},
	"runtimeSecurity.falco":                {"enum": []string{components.NewestFalco, components.LastFalcoWithGRPC}},
	"runtimeSecurity.metrics":              {"enum": []string{components.NativeMetrics, components.FalcoExporter}},
	"runtimeSecurity.uiRetention":          {"pattern": duration.String()},
	"runtimeSecurity.redisVolumeGiB":       {"minimum": 1, "maximum": 1024},
	"runtimeSecurity.ruleset":              {"enum": judge.Rulesets()},
	"runtimeSecurity.alertmanagerFrom":     {"enum": priorities},
	"exposure.mode":                        {"enum": []string{components.Private, components.ByGateway}},
	"exposure.domain":                      {"pattern": domainName.String()},
	"exposure.hostnames.grafana":           {"pattern": domainName.String()},
	"exposure.hostnames.falcosidekickUi":   {"pattern": domainName.String()},
	"exposure.certificates.challenge":      {"enum": []string{components.DNSChallenge, components.HTTPChallenge}},
	"exposure.identity.emailDomains[]":     {"pattern": domainName.String()},
	"exposure.identity.groups[]":           {"pattern": groupName.String()},
	"exposure.identity.adminGroups[]":      {"pattern": groupName.String()},
	"virtualClusters.admission":            {"enum": []string{components.AdmissionOff, components.AdmissionWarn, components.AdmissionDeny}},
	"namespaces.prefix":                    {"pattern": namespacePrefix.String(), "maxLength": 62},
	"namespaces.names":                     {"propertyNames": object{"enum": values.DefaultNamespaces().Roles()}},
	"namespaces.names{}":                   {"pattern": label.String(), "not": object{"enum": kubernetesNamespaces}},
	"virtualClusters.approved[]":           {"required": []string{"namespace"}},
	"virtualClusters.approved[].namespace": {"pattern": label.String()},
	"virtualClusters.approved[].digests":   {"minItems": 1},
	"virtualClusters.approved[].digests[]": {"pattern": digest.String()},
	"alerting.receivers[]":                 {"required": []string{"name"}},
	"alerting.receivers[].name":            {"pattern": label.String()},
	"alerting.receivers[].minimumSeverity": {"enum": alerting.Severities},
	"alerting.receivers[].opsgenie.region": {"enum": alerting.OpsgenieRegions},
	"alerting.heartbeat.interval":          {"pattern": alerting.Interval.String()},
	"forward.events.minimumPriority":       {"enum": priorities},
}

// generator makes a schema of the settings' types, and describes fields by their comments.
type generator struct {
	comments map[string]string // by package.Type.Field
	used     map[string]bool   // constraints
}

func (g *generator) of(t reflect.Type, path string) object {
	s := object{}
	switch t.Kind() {
	case reflect.Pointer:
		return g.of(t.Elem(), path)
	case reflect.Struct:
		properties := object{}
		for i := range t.NumField() {
			field := t.Field(i)
			key := field.Tag.Get("json")
			property := g.of(field.Type, path+"."+key)
			if field.Tag.Get("secret") == "true" {
				property = object{"$ref": "#/$defs/secure", "description": "a secret: pulumi config set --secret --path"}
			}
			if comment := g.comments[t.String()+"."+field.Name]; comment != "" {
				property["description"] = comment
			}
			properties[key] = property
		}
		s = object{"type": "object", "properties": properties, "additionalProperties": false}
	case reflect.Slice:
		s = object{"type": "array", "items": g.of(t.Elem(), path+"[]")}
	case reflect.Map:
		s = object{"type": "object", "additionalProperties": g.of(t.Elem(), path+"{}")}
	case reflect.Bool:
		s["type"] = "boolean"
	case reflect.Int:
		s["type"] = "integer"
	case reflect.String:
		s["type"] = "string"
		if constraints[path] == nil {
			s = object{"anyOf": []object{{"type": "string"}, {"$ref": "#/$defs/secure"}}} // pulumi config set --secret
		}
	default:
		panic("no schema of " + t.String())
	}
	if c, ok := constraints[path]; ok {
		maps.Copy(s, c)
		g.used[path] = true
	}
	return s
}

// stackFile is the schema of a whole stack file: our keys strictly, those of providers as they are.
func (g *generator) stackFile(descriptions map[string]string) object {
	config, names := object{}, []string{}
	t := reflect.TypeFor[Settings]()
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			continue
		}
		name := []rune(t.Field(i).Name)
		name[0] = unicode.ToLower(name[0])
		section := g.of(t.Field(i).Type, string(name))
		section["description"] = descriptions[string(name)]
		config[Project+":"+string(name)] = section
		names = append(names, Project+":"+string(name))
	}
	text := object{"type": "string"}
	return object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A stack of " + Project,
		"description": "Made of the settings' types: go test ./stack -run Schema -update",
		"type":        "object", "additionalProperties": false,
		"properties": object{
			"config": object{"type": "object", "properties": config, "propertyNames": object{"anyOf": []object{
				{"enum": names}, {"pattern": "^(" + strings.Join(providers, "|") + "):"},
			}}},
			"encryptionsalt": text, "encryptedkey": text, "secretsprovider": text, "environment": object{},
		},
		"$defs": object{"secure": object{"type": "object", "properties": object{"secure": text}, "required": []string{"secure"}, "additionalProperties": false}},
	}
}

// fieldComments reads the comments of all fields of structs in a package.
func fieldComments(t *testing.T, dir string, into map[string]string) {
	t.Helper()
	for _, source := range fixtures(t, dir+"/*.go") {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			structure, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range structure.Fields.List {
				text := strings.Join(strings.Fields(field.Doc.Text()+" "+field.Comment.Text()), " ")
				for _, id := range field.Names {
					into[file.Name.Name+"."+spec.Name.Name+"."+id.Name] = text
				}
			}
			return true
		})
	}
}

func generate(t *testing.T) []byte {
	t.Helper()
	g := &generator{comments: map[string]string{}, used: map[string]bool{}}
	for _, dir := range []string{".", "../components", "../alerting", "../rules"} {
		fieldComments(t, dir, g.comments)
	}
	text, err := os.ReadFile("../Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var project struct {
		Config map[string]struct{ Description string }
	}
	if err := yaml.Unmarshal(text, &project); err != nil {
		t.Fatal(err)
	}
	descriptions := map[string]string{}
	for name, key := range project.Config {
		descriptions[name] = strings.TrimSpace(key.Description)
	}
	encoded := &bytes.Buffer{}
	encoder := json.NewEncoder(encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(g.stackFile(descriptions)); err != nil {
		t.Fatal(err)
	}
	for path := range constraints {
		if !g.used[path] {
			t.Errorf("a constraint on %s, which is no setting", path)
		}
	}
	return encoded.Bytes()
}

func TestSchemaIsUpToDate(t *testing.T) {
	want := generate(t)
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s differs from the settings' types (%v); go test ./stack -run Schema -update writes it", schemaFile, err)
	}
	var schema struct {
		Properties struct {
			Config struct {
				Properties map[string]struct{ Description string }
			}
		}
	}
	if err := json.Unmarshal(got, &schema); err != nil {
		t.Fatal(err)
	}
	for _, section := range sections {
		if schema.Properties.Config.Properties[Project+":"+section].Description == "" {
			t.Errorf("%s has no description: Pulumi.yaml needs one", section)
		}
	}
}
