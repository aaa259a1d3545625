package docpages

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// TestExists returns an error unless the project in root has the test that a page names: <package>.<function>, such as
// test/rehearse.TestRehearse.
func TestExists(root, name string) error {
	dir, test, _ := strings.Cut(name, ".")
	files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range parsed.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Name.Name == test {
				return nil
			}
		}
	}
	return fmt.Errorf("there is no test %s", name)
}
