package monitoring

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"

	stackcomponents "doks-security/components"
	"doks-security/values"
)

// components are those our configuration may use, with what they export. Alloy itself is not run: its syntax is read by
// its own parser, and the rest checked here.
var components = map[string]string{
	"discovery.kubernetes": "targets", "discovery.relabel": "output", "local.file_match": "targets",
	"loki.source.file": "", "loki.process": "receiver", "loki.write": "receiver", "logging": "",
}

// environment is what Alloy's pods have.
var environment = []string{"NODE_NAME", "CLUSTER_NAME", "FORWARD_USERNAME", "FORWARD_PASSWORD", "FORWARD_TOKEN"}

// alloyErrors reads a configuration, and finds references that lead nowhere, unknown components, missing labels, broken
// regular expressions and selectors.
func (c catalog) alloyErrors(text string) []string {
	file, err := parser.ParseFile("config.alloy", []byte(text))
	if err != nil {
		return []string{err.Error()}
	}
	w := &alloyWalk{catalog: c, labels: map[string]bool{"stream": true}, exports: map[string]bool{}}
	for _, statement := range file.Body {
		block, ok := statement.(*ast.BlockStmt)
		if !ok {
			w.problem("%v is outside of a block", statement)
			continue
		}
		name := strings.Join(block.Name, ".")
		export, known := components[name]
		if !known {
			w.problem("no component %s is expected", name)
		}
		w.exports[name+"."+block.Label+"."+export] = true
	}
	ast.Walk(w, file)
	for _, reference := range w.references {
		if !w.exports[reference] && !slices.Contains([]string{"sys.env"}, reference) {
			w.problem("%s is exported by nothing", reference)
		}
	}
	for _, label := range slices.Concat(c.Streams["pods"], c.Streams["falco"]) {
		if !w.labels[label] {
			w.problem("no rule sets the label %s", label)
		}
	}
	return w.errs
}

type alloyWalk struct {
	catalog          catalog
	exports, labels  map[string]bool
	references, errs []string
}

func (w *alloyWalk) problem(format string, args ...any) {
	w.errs = append(w.errs, fmt.Sprintf(format, args...))
}

// Visit collects references and labels, and checks texts.
func (w *alloyWalk) Visit(node ast.Node) ast.Visitor {
	switch n := node.(type) {
	case *ast.AccessExpr:
		if path := accessPath(n); path != "" {
			w.references = append(w.references, path)
			return nil
		}
	case *ast.CallExpr:
		for _, arg := range n.Args {
			if name := literal(arg); accessPath(n.Value) == "sys.env" && !slices.Contains(environment, name) {
				w.problem("the environment has no %q", name)
			}
		}
	case *ast.ObjectExpr:
		for _, field := range n.Fields {
			w.labels[field.Name.Name] = true
		}
	case *ast.AttributeStmt:
		value := literal(n.Value)
		switch n.Name.Name {
		case "target_label":
			w.labels[value] = true
		case "regex":
			if _, err := regexp.Compile("^(?s:" + value + ")$"); err != nil {
				w.problem("%v", err)
			}
		case "selector":
			if err := w.catalog.checkLogQL(value); err != nil {
				w.problem("%s: %v", value, err)
			}
		}
	}
	return w
}

// accessPath is a.b.c, or nothing for another expression.
func accessPath(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.IdentifierExpr:
		return e.Ident.Name
	case *ast.AccessExpr:
		if left := accessPath(e.Value); left != "" {
			return left + "." + e.Name.Name
		}
	}
	return ""
}

func literal(expr ast.Expr) string {
	if l, ok := expr.(*ast.LiteralExpr); ok {
		if text, err := strconv.Unquote(l.Value); err == nil {
			return text
		}
	}
	return ""
}

func alloyConfig(t *testing.T) string {
	t.Helper()
	loaded, err := values.Load("alloy", "prod", values.DefaultNamespaces())
	if err != nil {
		t.Fatal(err)
	}
	return values.At(loaded, "alloy", "configMap", "content").(string)
}

func TestAlloyConfiguration(t *testing.T) {
	for _, problem := range readCatalog(t).alloyErrors(alloyConfig(t)) {
		t.Error(problem)
	}
}

// The part that pushes logs to another store fits the rest, with each kind of login.
func TestForwardedLogsConfiguration(t *testing.T) {
	for name, login := range map[string]stackcomponents.StoreLogin{
		"none": {}, "password": {Username: "1", Password: "key"}, "token": {BearerToken: "key"},
	} {
		forward := stackcomponents.LogsForward{URL: "https://logs.example.org/push", Login: login, Tenant: "team-a"}
		for _, problem := range readCatalog(t).alloyErrors(alloyConfig(t) + "\n" + forward.Pipeline()) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

func TestBrokenAlloyConfigurationsAreFound(t *testing.T) {
	good := alloyConfig(t)
	for want, broken := range map[string]string{
		"loki.write.defualt.receiver is exported": strings.Replace(good, "forward_to = [loki.write.default.",
			"forward_to = [loki.write.defualt.", 1),
		"no rule sets the label node":        strings.Replace(good, `"node"`, `"nodename"`, 1),
		"no rule sets the label k8s_ns_name": strings.ReplaceAll(good, "k8s_ns_name ", "namespace_name "),
		"no component loki.sink":             strings.Replace(good, "loki.write \"default\"", "loki.sink \"default\"", 1),
		"missing closing )":                  strings.Replace(good, `"Succeeded|Failed|Completed"`, `"(Succeeded"`, 1),
		"no stream has all the labels":       strings.Replace(good, `{stream=\"stdout\"`, `{output=\"stdout\"`, 1),
		`the environment has no "NODE"`:      strings.Replace(good, `"NODE_NAME"`, `"NODE"`, 1),
		"expected":                           strings.Replace(good, "stage.cri { }", "stage.cri {", 1),
	} {
		if errs := strings.Join(readCatalog(t).alloyErrors(broken), "; "); broken == good ||
			!strings.Contains(errs, want) {
			t.Errorf("found %q, want %q", errs, want)
		}
	}
}

// The label app is the first of three that a pod has.
func TestAppLabel(t *testing.T) {
	match := regexp.MustCompile(`(?s)separator\s+= ";"\s+regex\s+= "([^"]+)"`).FindStringSubmatch(alloyConfig(t))
	if match == nil {
		t.Fatal("no rule for the label app")
	}
	rule := regexp.MustCompile("^(?s:" + match[1] + ")$")
	for joined, want := range map[string]string{"loki;;": "loki", ";cilium;": "cilium", ";;kube-dns": "kube-dns",
		"a;b;c": "a"} {
		if got := rule.FindStringSubmatch(joined); got == nil || got[1] != want {
			t.Errorf("%q gives %v, want %q", joined, got, want)
		}
	}
	if rule.MatchString(";;") {
		t.Error("a pod without any of the labels gets an app")
	}
}
