package falcosidekick

import (
	"cmp"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// readConfig finds what is read from the environment: keys with a default, since viper looks up no others, and
// variables that are looked up by their name.
func (p program) readConfig(file *ast.File) {
	defaults, common := map[string][]string{}, []string{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch v := n.(type) {
		case *ast.ValueSpec:
			object, ok := v.Values, len(v.Values) == 1
			if !ok {
				return true
			}
			entries, ok := object[0].(*ast.CompositeLit)
			if !ok {
				return true
			}
			for _, e := range entries.Elts {
				pair, ok := e.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				name, _ := literal(pair.Key)
				keys, nested := pair.Value.(*ast.CompositeLit)
				switch {
				case v.Names[0].Name == "commonHttpOutputDefaults":
					common = append(common, name)
				case nested && strings.HasSuffix(v.Names[0].Name, "utputDefaults"):
					for _, k := range keys.Elts {
						key, _ := literal(k.(*ast.KeyValueExpr).Key)
						defaults[name] = append(defaults[name], key)
					}
					if v.Names[0].Name == "httpOutputDefaults" {
						defaults[name] = append(defaults[name], "common")
					}
				}
			}
		case *ast.CallExpr:
			called, ok := v.Fun.(*ast.SelectorExpr)
			if !ok || len(v.Args) == 0 {
				return true
			}
			switch text, is := literal(v.Args[0]); {
			case !is:
			case called.Sel.Name == "SetDefault":
				output, key, _ := strings.Cut(text, ".")
				p.read[variable(output, key)] = ""
			case called.Sel.Name == "LookupEnv":
				p.read[text] = ""
			}
		case *ast.AssignStmt: // viper makes a map of a text in JSON
			call, ok := v.Rhs[0].(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			called, _ := call.Fun.(*ast.SelectorExpr)
			if text, is := literal(call.Args[0]); is && called != nil && called.Sel.Name == "GetStringMapString" {
				output, key, _ := strings.Cut(text, ".")
				p.read[variable(output, key)] = jsonMap
			}
		}
		return true
	})
	for output, keys := range defaults {
		if slices.Contains(keys, "common") {
			keys = append(keys, common...)
		}
		for _, key := range keys {
			p.read[variable(output, key)] = ""
		}
	}
}

// readSends finds what each method counts its deliveries as.
func (p program) readSends(file *ast.File) {
	for _, d := range file.Decls {
		method, ok := d.(*ast.FuncDecl)
		if !ok || method.Recv == nil {
			continue
		}
		name := method.Name.Name
		ast.Inspect(method, func(n ast.Node) bool {
			switch v := n.(type) {
			case *ast.KeyValueExpr:
				if key, _ := literal(v.Key); key == "destination" {
					p.sends[name], _ = literal(v.Value)
				}
			case *ast.CallExpr:
				if called, ok := v.Fun.(*ast.SelectorExpr); ok && typeName(called.X) == "c" {
					p.calls[name] = append(p.calls[name], called.Sel.Name)
				}
			}
			return true
		})
	}
}

// destination is what a method, or one that it calls, counts its deliveries as; empty: nothing.
func (p program) destination(method string, seen map[string]bool) string {
	if seen[method] || p.sends[method] != "" {
		return p.sends[method]
	}
	seen[method] = true
	for _, called := range p.calls[method] {
		if found := p.destination(called, seen); found != "" {
			return found
		}
	}
	return ""
}

// readMain finds what enables an output: conditions without an or, around an addition to the enabled outputs.
func (p *program) readMain(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		condition, ok := n.(*ast.IfStmt)
		if !ok {
			return true
		}
		needs, or := keysOf(condition.Cond)
		if !or && len(needs) > 0 && enables(condition.Body) {
			p.parts = append(p.parts, part{Needs: needs})
			return false
		}
		return true
	})
}

func enables(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		found = found || ok && selector.Sel.Name == "EnabledOutputs"
		return !found
	})
	return found
}

// readHandlers adds to the parts the lowest priority, and where they deliver to.
func (p *program) readHandlers(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		condition, ok := n.(*ast.IfStmt)
		if !ok {
			return true
		}
		keys, _ := keysOf(condition.Cond)
		if len(keys) == 0 {
			return true
		}
		i := slices.IndexFunc(p.parts, func(one part) bool { return slices.Contains(one.Needs, keys[0]) })
		if i < 0 {
			return true
		}
		one := &p.parts[i]
		ast.Inspect(condition.Cond, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok && selector.Sel.Name == "MinimumPriority" {
				one.Priority = keyOf(selector)
			}
			return true
		})
		ast.Inspect(condition.Body, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if method, ok := call.Fun.(*ast.SelectorExpr); ok {
					one.Destination = cmp.Or(one.Destination, p.destination(method.Sel.Name, map[string]bool{}))
				}
			}
			return true
		})
		return true
	})
}

// keysOf are the keys of the configuration that a condition wants to be set, and whether any of several is enough.
func keysOf(e ast.Expr) (keys []string, or bool) {
	switch v := e.(type) {
	case *ast.ParenExpr:
		return keysOf(v.X)
	case *ast.SelectorExpr:
		if key := keyOf(v); key != "" {
			return []string{key}, false
		}
	case *ast.BinaryExpr:
		switch v.Op {
		case token.NEQ:
			if length, ok := v.X.(*ast.CallExpr); ok && len(length.Args) == 1 {
				return keysOf(length.Args[0])
			}
			return keysOf(v.X)
		case token.LAND, token.LOR:
			left, orLeft := keysOf(v.X)
			right, orRight := keysOf(v.Y)
			return append(left, right...), orLeft || orRight || v.Op == token.LOR && len(left)+len(right) > 0
		}
	}
	return nil, false
}

// keyOf is the key of config.Splunk.Host; empty for anything else.
func keyOf(e *ast.SelectorExpr) string {
	name := typeName(e)
	key, ok := strings.CutPrefix(name, "config.")
	if !ok || !strings.Contains(key, ".") {
		return ""
	}
	return strings.ToLower(key)
}
