package monitoring

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doks-security/test/monitoring/dashboards"
	"doks-security/test/monitoring/scenario"
	"doks-security/values"
)

// What a panel may read: kube-prometheus-stack names the one, values/kube-prometheus-stack/values.yaml the other.
var datasources = map[string]string{"prometheus": "prometheus", "loki": "loki"}

func readDashboards(t *testing.T) map[string]dashboards.Dashboard {
	t.Helper()
	found, err := dashboards.Read()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// check reads an expression with the parser of its data source.
func (c catalog) check(source, expr string) []string {
	if source == "loki" {
		if err := c.checkLogQL(expr); err != nil {
			return []string{err.Error()}
		}
		return nil
	}
	parsed, err := scenario.PromQL.ParseExpr(expr)
	if err != nil {
		return []string{err.Error()}
	}
	return c.unknown(parsed)
}

func TestDashboardsReadWhatIsExported(t *testing.T) {
	c := readCatalog(t)
	for _, d := range readDashboards(t) {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				for _, with := range []func(string) string{d.All, func(string) string { return "a" }} {
					expr, err := d.Fill(target.Expr, with)
					if err != nil {
						t.Errorf("%s: %v", p.Title, err)
					}
					for _, problem := range c.check(p.Source.Type, expr) {
						t.Errorf("%s, panel %d %q, %s: %s\n%s", d.UID, p.ID, p.Title, target.RefID, problem, expr)
					}
				}
			}
		}
		for _, v := range d.Templating.List {
			inner, ok := strings.CutPrefix(strings.TrimSuffix(v.Query.Query, ")"), "label_values(")
			comma := strings.LastIndex(inner, ", ")
			if !ok || comma < 0 {
				t.Fatalf("%s: variable %s is no label_values(metric, label)", d.UID, v.Name)
			}
			for _, problem := range c.check("prometheus", fmt.Sprintf("count by (%s) (%s)", inner[comma+2:], inner[:comma])) {
				t.Errorf("%s, variable %s: %s", d.UID, v.Name, problem)
			}
		}
	}
}

func TestDashboardLayout(t *testing.T) {
	titles := map[string]bool{}
	for uid, d := range readDashboards(t) {
		if d.UID != uid || d.Title == "" || titles[d.Title] || d.SchemaVersion < 39 {
			t.Errorf("%s: uid %q, title %q, schema %d", uid, d.UID, d.Title, d.SchemaVersion)
		}
		titles[d.Title] = true
		ids := map[int]bool{}
		for i, p := range d.Panels {
			g := p.GridPos
			if ids[p.ID] || p.ID < 1 || p.Title == "" || g.X < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
				t.Errorf("%s: panel %d %q at %+v", uid, p.ID, p.Title, g)
			}
			ids[p.ID] = true
			for _, other := range d.Panels[:i] {
				o := other.GridPos
				if g.X < o.X+o.W && o.X < g.X+g.W && g.Y < o.Y+o.H && o.Y < g.Y+g.H {
					t.Errorf("%s: %q lies on %q", uid, p.Title, other.Title)
				}
			}
			if p.Type == "row" {
				continue
			}
			if !slices.Contains([]string{"stat", "timeseries", "table", "logs"}, p.Type) || len(p.Targets) == 0 {
				t.Errorf("%s: panel %q is a %q with %d queries", uid, p.Title, p.Type, len(p.Targets))
			}
			if datasources[p.Source.UID] == "" || datasources[p.Source.UID] != p.Source.Type {
				t.Errorf("%s: panel %q reads %+v, which Grafana does not have", uid, p.Title, p.Source)
			}
			refs := map[string]bool{}
			for _, target := range p.Targets {
				if refs[target.RefID] || target.RefID == "" || target.Expr == "" {
					t.Errorf("%s: panel %q, query %q", uid, p.Title, target.RefID)
				}
				refs[target.RefID] = true
			}
		}
	}
}

// Links within Grafana: dashboards to each other, alerts to dashboards, with variables that are there.
func TestLinksResolve(t *testing.T) {
	targets := readDashboards(t)
	texts, err := values.Dashboards()
	if err != nil {
		t.Fatal(err)
	}
	for _, metrics := range []string{"native", "falco-exporter"} {
		groups, err := values.Alerts(metrics, values.DefaultNamespaces(), nil, values.AlertLinks{})
		if err != nil {
			t.Fatal(err)
		}
		for name, group := range groups {
			for _, rule := range group.Rules {
				texts[name+rule.Alert] = rule.Annotations["dashboard_url"]
			}
		}
	}
	link, vars := regexp.MustCompile(`/d/([a-z-]+)([^"\s]*(?: \| urlquery \}\}[^"\s]*)*)`),
		regexp.MustCompile(`var-([a-z]+)=`)
	links := 0
	for where, text := range texts {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "{{ ", ""), " | urlquery }}", "")
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			links++
			target, ok := targets[match[1]]
			if !ok {
				t.Errorf("%s links to %s, which is no dashboard", where, match[1])
				continue
			}
			for _, v := range vars.FindAllStringSubmatch(match[2], -1) {
				if target.All(v[1]) == "" {
					t.Errorf("%s sets %s in %s, which has no such variable", where, v[1], match[1])
				}
			}
		}
	}
	if links < 20 {
		t.Errorf("%d links found, want at least 20", links)
	}
}

// Seeded errors: what the checks above must not let through.
func TestBrokenDashboardsAreFound(t *testing.T) {
	c := readCatalog(t)
	d := readDashboards(t)["runtime-security"]
	for expr, want := range map[string]string{
		`sum(rate(falco:events:total[$__interval])`:  "unclosed left parenthesis",
		`sum(rate(falco:event:total[$__interval]))`:  `the metric "falco:event:total"`,
		`sum by (node) (falco:events:total)`:         `the label "node"`,
		`falco:events:total{rule=~"$rules"}`:         "no variable $rules",
		`falco:events:total{namespaces="$rule"}`:     `no label "namespaces"`,
		`rate(falco:events:total{rule=~"$rule"}[$])`: "unexpected",
	} {
		filled, err := d.Fill(expr, d.All)
		errs := c.check("prometheus", filled)
		if err != nil {
			errs = append(errs, err.Error())
		}
		if !strings.Contains(strings.Join(errs, "; "), want) {
			t.Errorf("%s: found %q, want %q", expr, errs, want)
		}
	}
}
