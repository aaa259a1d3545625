package falcosidekick

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"doks-security/values"
)

var update = flag.Bool("update", false, "write outputs.json")

const howToUpdate = "FALCOSIDEKICK=<directory of falcosidekick's source at that tag> " +
	"go test ./falcosidekick -run Source -update"

// The file is of the falcosidekick that is installed.
func TestVersion(t *testing.T) {
	loaded, err := values.Load("falco", "dev", values.DefaultNamespaces())
	if err != nil {
		t.Fatal(err)
	}
	if tag := values.At(loaded, "falcosidekick", "image", "tag"); tag != original.Version {
		t.Errorf("outputs.json is of falcosidekick %s, values/falco installs %v: %s", original.Version, tag, howToUpdate)
	}
}

// outputs.json is what the source says, wherever the source is at hand.
func TestSource(t *testing.T) {
	dir := os.Getenv("FALCOSIDEKICK")
	if dir == "" {
		if *update {
			t.Fatal("FALCOSIDEKICK is not set: " + howToUpdate)
		}
		t.Skip("FALCOSIDEKICK names no directory with the source: " + howToUpdate)
	}
	loaded, err := values.Load("falco", "dev", values.DefaultNamespaces())
	if err != nil {
		t.Fatal(err)
	}
	version, _ := values.At(loaded, "falcosidekick", "image", "tag").(string)
	found := source{
		Comment: "Generated from falcosidekick's source: " + howToUpdate, Version: version,
		Outputs: readSource(t, dir),
	}
	encoded := &bytes.Buffer{}
	encoder := json.NewEncoder(encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(found); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("outputs.json", encoded.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(encoded.Bytes(), outputsFile) {
		t.Error("outputs.json is not what the source says: " + howToUpdate)
	}
}

// program is falcosidekick's source, as far as its configuration goes.
type program struct {
	structs map[string]*ast.StructType // by name
	read    map[string]string          // keys that it reads from the environment: by variable, "" or jsonMap
	parts   []part                     // with keys such as splunk.host
	sends   map[string]string          // the destinations of methods
	calls   map[string][]string        // the methods that a method calls
}

func readSource(t *testing.T, dir string) map[string]declaration {
	t.Helper()
	p := program{structs: map[string]*ast.StructType{}, read: map[string]string{}, sends: map[string]string{},
		calls: map[string][]string{}}
	p.readTypes(parseFile(t, filepath.Join(dir, "types", "types.go")), "")
	for _, file := range glob(t, dir, "outputs/otlp_metrics/*.go") {
		p.readTypes(parseFile(t, file), "otlpmetrics.")
	}
	p.readConfig(parseFile(t, filepath.Join(dir, "config.go")))
	for _, file := range glob(t, dir, "outputs/*.go") {
		p.readSends(parseFile(t, file))
	}
	p.readMain(parseFile(t, filepath.Join(dir, "main.go")))
	p.readHandlers(parseFile(t, filepath.Join(dir, "handlers.go")))
	outputs := map[string]declaration{}
	for _, output := range p.structs["Configuration"].Fields.List {
		if len(output.Names) == 0 {
			continue
		}
		name, d := strings.ToLower(output.Names[0].Name), declaration{Keys: map[string]string{}}
		p.fields(name, "", typeName(output.Type), d.Keys)
		for _, one := range p.parts {
			if strings.HasPrefix(one.Needs[0], name+".") {
				for i, key := range one.Needs {
					one.Needs[i] = strings.TrimPrefix(key, name+".")
				}
				one.Priority = strings.TrimPrefix(one.Priority, name+".")
				if _, settable := d.Keys[one.Priority]; !settable {
					one.Priority = ""
				}
				d.Parts = append(d.Parts, one)
			}
		}
		if len(d.Parts) > 0 && len(d.Keys) > 0 {
			outputs[name] = d
		}
	}
	return outputs
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, dir, err)
	}
	return slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
}

func parseFile(t *testing.T, file string) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func (p program) readTypes(file *ast.File, prefix string) {
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			if structure, ok := spec.Type.(*ast.StructType); ok {
				p.structs[prefix+spec.Name.Name] = structure
			}
		}
		return true
	})
}

// fields adds the keys of a struct that are read from the environment.
func (p program) fields(output, prefix, structure string, into map[string]string) {
	declared, ok := p.structs[structure]
	if !ok {
		return
	}
	for _, f := range declared.Fields.List {
		if len(f.Names) == 0 { // squashed
			p.fields(output, prefix, typeName(f.Type), into)
			continue
		}
		key, kind := prefix+strings.ToLower(f.Names[0].Name), typeName(f.Type)
		if _, nested := p.structs[kind]; nested {
			p.fields(output, key+".", kind, into)
			continue
		}
		as, read := p.read[variable(output, key)]
		if !read {
			continue
		}
		if as == "" {
			as = keyType(output, key, kind)
		}
		if as != "" {
			into[key] = as
		}
	}
}

// secrets are the last parts of keys with a secret, or an address that carries one.
var secrets = []string{"password", "apikey", "token", "apitoken", "secretaccesskey", "jwt", "credentials", "routingkey",
	"webhookurl", "receiverurl", "headerauthvalue", "endpointtoken", "headers", "extraenvvars"}

func keyType(output, key, kind string) string {
	last := key[strings.LastIndex(key, ".")+1:]
	hidden := slices.Contains(secrets, last) || output == "rabbitmq" && key == "url" ||
		slices.Contains([]string{"webhook", "n8n"}, output) && key == "address"
	switch kind {
	case "string":
		if hidden {
			return secret
		}
		return "string"
	case "bool":
		return boolean
	case "int", "int64", "uint", "uint16", "uint64":
		return integer
	case "time.Duration":
		return period
	case "[]string":
		return list
	case "map[string]string":
		if hidden || strings.HasSuffix(last, "headers") {
			return headers
		}
		return pairs
	}
	return ""
}

func typeName(e ast.Expr) string {
	switch v := e.(type) {
	case *ast.Ident:
		return v.Name
	case *ast.SelectorExpr:
		return typeName(v.X) + "." + v.Sel.Name
	case *ast.ArrayType:
		return "[]" + typeName(v.Elt)
	case *ast.MapType:
		return "map[" + typeName(v.Key) + "]" + typeName(v.Value)
	}
	return "?"
}

// literal is a string as it is written; false for anything else.
func literal(e ast.Expr) (string, bool) {
	if basic, ok := e.(*ast.BasicLit); ok && basic.Kind == token.STRING {
		text, err := strconv.Unquote(basic.Value)
		return text, err == nil
	}
	return "", false
}
