package program

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/cel-go/cel"

	"doks-security/components"
	"doks-security/stack"
	"doks-security/stack/stacktest"
)

// Whatever is approved: either it is refused, or every expression of the admission policy is CEL, and the approvals are what
// was set.
func FuzzAdmission(f *testing.F) {
	const digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	env, err := cel.NewEnv(cel.Variable("request", cel.MapType(cel.StringType, cel.StringType)))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range stacktest.Seeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		given := map[string]any{"admission": "deny", "approved": []any{
			map[string]any{"namespace": "team-a"}, map[string]any{"namespace": "team-b", "digests": []any{digest}},
		}}
		stacktest.Alter(given, data)
		encoded, err := json.Marshal(given)
		if err != nil {
			t.Fatal(err)
		}
		settings, err := stack.Parse("dev", map[string]string{
			"virtualClusters": string(encoded), "cluster": `{"pools":[{"name":"a","size":"s-4vcpu-8gb","count":3}]}`,
		})
		if err != nil || settings.VirtualClusters.Admission == components.AdmissionOff {
			return
		}
		approved := settings.VirtualClusters.Approved
		objects, err := components.AdmissionObjects(&components.AdmissionArgs{Mode: settings.VirtualClusters.Admission, Approved: approved})
		if err != nil {
			t.Fatal(err)
		}
		for _, expression := range expressions(objects[0]["spec"]) {
			if _, issues := env.Parse(expression); issues.Err() != nil {
				t.Errorf("%s: %v", expression, issues.Err())
			}
		}
		for _, v := range objects[0]["spec"].(map[string]any)["variables"].([]any) {
			variable := v.(map[string]any)
			for _, a := range approved {
				var want any
				switch variable["name"] {
				case "approved":
					want = len(a.Digests) == 0
				case "digests":
					want = append([]string{}, a.Digests...)
				default:
					continue
				}
				if got := evaluate(t, env, variable["expression"].(string), a.Namespace); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s in namespace %q is %v, want %v", variable["expression"], a.Namespace, got, want)
				}
			}
		}
	})
}

func evaluate(t *testing.T, env *cel.Env, expression, namespace string) any {
	t.Helper()
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		t.Fatal(issues.Err())
	}
	program, err := env.Program(ast)
	if err != nil {
		t.Fatal(err)
	}
	value, _, err := program.Eval(map[string]any{"request": map[string]string{"namespace": namespace}})
	if err != nil {
		t.Fatal(err)
	}
	if list, ok := value.Value().([]string); ok {
		return list
	}
	return value.Value()
}

// expressions are all of CEL below value.
func expressions(value any) []string {
	var all []string
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			if text, ok := element.(string); ok && (key == "expression" || key == "messageExpression") {
				all = append(all, text)
			}
			all = append(all, expressions(element)...)
		}
	case []any:
		for _, element := range v {
			all = append(all, expressions(element)...)
		}
	}
	return all
}
