package stack

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"doks-security/stack/field"
)

// comments are the descriptions of all settings, by package.Type.Field.
type comments map[string]string

func readComments(t *testing.T) comments {
	t.Helper()
	all := comments{}
	for _, dir := range []string{".", "../account", "../alerting", "../components", "../rules"} {
		fieldComments(t, dir, all)
	}
	return all
}

// of is the description of a setting.
func (c comments) of(s field.Setting) string { return c[s.In.String()+"."+s.Name] }

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

// defaultText is a setting's default for people: in profile dev, and in prod where it differs.
func defaultText(s field.Setting, quote string) string {
	dev, declared := s.Default(string(Dev))
	prod, _ := s.Default(string(Prod))
	replace := strings.NewReplacer("{", "<", "}", ">", ",", ", ").Replace
	if s.Key == "description" {
		replace = strings.Clone
	}
	switch {
	case !declared:
		return ""
	case dev != prod:
		return quote + replace(dev) + quote + ", prod: " + quote + replace(prod) + quote
	}
	return quote + replace(dev) + quote
}

// checkGenerated compares a generated file with what it should be, or writes it.
func checkGenerated(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(read(t, file)); got != want {
		t.Errorf("%s differs from the settings' declarations; go test ./stack -run Generated -update writes it", file)
	}
}
