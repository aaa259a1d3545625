package monitoring

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	model "github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/loki"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"

	"doks-security/values"
)

// modelErrors reads a dashboard strictly with Grafana's own types: a field that the model does not have is an error,
// where Grafana would ignore it. They return an empty list of errors that is no nil error, hence the text.
func modelErrors(text string) string {
	plugins.RegisterDefaultPlugins()
	var d model.Dashboard //nolint:staticcheck // the classic schema is what Grafana loads from files
	errs := ""
	if err := d.UnmarshalJSONStrict([]byte(text)); err != nil {
		errs = err.Error()
	}
	if err := d.Validate(); err != nil {
		errs += err.Error()
	}
	return errs + queryErrors(text)
}

// queryErrors reads the queries, which the model of a dashboard leaves to the data sources.
func queryErrors(text string) string {
	var raw struct {
		Panels []struct {
			Datasource struct{ Type string }
			Targets    []json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return err.Error()
	}
	errs := ""
	for _, p := range raw.Panels {
		for _, target := range p.Targets {
			var err error
			switch p.Datasource.Type {
			case "prometheus":
				err = new(prometheus.Dataquery).UnmarshalJSONStrict(target)
			case "loki":
				err = new(loki.Dataquery).UnmarshalJSONStrict(target)
			}
			if err != nil {
				errs += err.Error()
			}
		}
	}
	return errs
}

func TestDashboardsFitGrafanasModel(t *testing.T) {
	files, err := values.Dashboards()
	if err != nil {
		t.Fatal(err)
	}
	for uid, text := range files {
		if errs := modelErrors(text); errs != "" {
			t.Errorf("%s:\n%s", uid, errs)
		}
	}
}

func TestMisspelledDashboardFieldsAreFound(t *testing.T) {
	files, err := values.Dashboards()
	if err != nil {
		t.Fatal(err)
	}
	good := files["runtime-security"]
	for field, broken := range map[string]string{
		`"gridPos"`: `"gridpos"`, `"legendFormat"`: `"legendformat"`, `"instant": true`: `"instant": "yes"`,
		`"fillOpacity"`: `"opacity"`,
	} {
		text := strings.Replace(good, field, broken, 1)
		if errs := modelErrors(text); text == good || errs == "" {
			t.Errorf("%s instead of %s was accepted", broken, field)
		}
	}
}
