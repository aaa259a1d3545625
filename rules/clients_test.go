package rules

import (
	"maps"
	"os"
	"testing"

	"doks-security/rules/lint"
)

// The generated file exempts an image in its namespace, and leaves it reported in others, and all other images.
func TestAPIClients(t *testing.T) {
	text, err := os.ReadFile("testdata/tuning-stock.yaml")
	if err != nil {
		t.Fatal(err)
	}
	stock := []lint.File{{Name: "tuning-stock.yaml", Text: string(text), Stock: true}}
	operator := falsePositives(t)[0]
	files := loaded(t, nil)
	maps.Copy(files, APIClients(map[string][]string{
		"shop": {"docker.io/example/operator", "docker.io/example/operator"}, "other": {"quay.io/example/another"},
	}))
	engine, problems := lint.Load(nil, behindStock(lint.Stable, stock, files)...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, still := range []map[string]any{
		{"container.image.repository": "docker.io/library/alpine"}, {"k8s.ns.name": "other"}, {"k8s.ns.name": "default"},
	} {
		operator.Still = still
		for _, p := range operator.cases(t, false).RunOnly(engine, []string{operator.Rule}) {
			t.Errorf("%v: %v", still, p)
		}
	}
	if none := APIClients(nil); len(none) > 0 {
		t.Errorf("without images there is %v", none)
	}
}
