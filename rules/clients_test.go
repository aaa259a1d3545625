package rules

import (
	"maps"
	"os"
	"testing"

	"doks-security/rules/lint"
)

// The generated file does what the lines of the docs do for an image, and leaves all others reported.
func TestAPIClients(t *testing.T) {
	text, err := os.ReadFile("testdata/tuning-stock.yaml")
	if err != nil {
		t.Fatal(err)
	}
	stock := []lint.File{{Name: "tuning-stock.yaml", Text: string(text), Stock: true}}
	operator := falsePositives(t)[0]
	files := loaded(t, nil)
	maps.Copy(files, APIClients([]string{"docker.io/example/operator", "quay.io/example/another"}))
	engine, problems := lint.Load(nil, behindStock(lint.Stable, stock, files)...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, p := range operator.cases(t, false).RunOnly(engine, []string{operator.Rule}) {
		t.Error(p)
	}
	if none := APIClients(nil); len(none) > 0 {
		t.Errorf("without images there is %v", none)
	}
}
