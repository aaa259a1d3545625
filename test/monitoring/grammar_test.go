package monitoring

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"doks-security/values"
)

// syntaxErrors are the places at which the grammar of Grafana's editor finds an error, a list for each query.
func syntaxErrors(t *testing.T, queries []string) [][]int {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("LogQL's grammar runs in Node.js, which is not installed")
	}
	if _, err := os.Stat("node_modules/@grafana/lezer-logql"); err != nil {
		t.Skip("LogQL's grammar is not installed: make packages")
	}
	input, err := json.Marshal(queries)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "logql.mjs")
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(input)), os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var found [][]int
	if err := json.Unmarshal(output, &found); err != nil || len(found) != len(queries) {
		t.Fatalf("%d answers to %d queries, %v", len(found), len(queries), err)
	}
	return found
}

var (
	exploreLink = regexp.MustCompile(`/explore\?[^"]*&panes=([^"]*)`)
	codeInText  = regexp.MustCompile("(?m)`([^`\n]+)`|^    (.+)$")
	stream      = regexp.MustCompile(`(^|[^\w:])\{\w+ *(=|!=|=~|!~) *"`)
)

// logQueries are all LogQL expressions by where they stand: panels, links to Explore, Alloy's selectors, the docs.
func logQueries(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for uid, d := range readDashboards(t) {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				if p.Source.Type != "loki" {
					continue
				}
				expr, err := d.Fill(target.Expr, d.All)
				if err != nil {
					t.Fatal(err)
				}
				found[fmt.Sprintf("%s, panel %d, %s", uid, p.ID, target.RefID)] = expr
			}
		}
	}
	texts, err := values.Dashboards()
	if err != nil {
		t.Fatal(err)
	}
	for uid, text := range texts {
		for i, match := range exploreLink.FindAllStringSubmatch(text, -1) {
			found[fmt.Sprintf("%s, link %d", uid, i)] = explored(t, match[1])
		}
	}
	for i, match := range regexp.MustCompile(`selector = (".*")`).FindAllStringSubmatch(alloyConfig(t), -1) {
		var selector string
		if err := json.Unmarshal([]byte(match[1]), &selector); err != nil {
			t.Fatal(err)
		}
		found[fmt.Sprintf("alloy, selector %d", i)] = selector
	}
	for _, glob := range []string{"../../docs/*.md", "../../docs/runbooks/*.md"} {
		pages, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range codeInText.FindAllStringSubmatch(string(text), -1) {
				if code := match[1] + match[2]; stream.MatchString(code) {
					found[page+": "+code] = code
				}
			}
		}
	}
	return found
}

// explored is the query that a link to Explore opens, with text where Grafana fills in a field.
func explored(t *testing.T, panes string) string {
	t.Helper()
	panes = regexp.MustCompile(`\$\{[^}]*\}`).ReplaceAllString(panes, "a")
	text, err := url.QueryUnescape(panes)
	if err != nil {
		t.Fatal(err)
	}
	var parsed map[string]struct {
		Datasource string
		Queries    []struct{ Expr string }
	}
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if datasources[parsed["logs"].Datasource] != "loki" || len(parsed["logs"].Queries) != 1 {
		t.Fatalf("want one query to Loki: %s", text)
	}
	return parsed["logs"].Queries[0].Expr
}

func TestLogQLFitsTheGrammar(t *testing.T) {
	var places, texts []string
	for place, text := range logQueries(t) {
		places, texts = append(places, place), append(texts, text)
	}
	if len(texts) < 11 {
		t.Errorf("%d queries found, want at least 11: %q", len(texts), places)
	}
	for i, at := range syntaxErrors(t, texts) {
		if len(at) > 0 {
			t.Errorf("%s: errors at %v of %s", places[i], at, texts[i])
		}
	}
}

func TestLinkedLogQLIsSelective(t *testing.T) {
	c := readCatalog(t)
	for place, text := range logQueries(t) {
		if err := c.checkLogQL(text); strings.Contains(place, "link") && err != nil {
			t.Errorf("%s: %v", place, err)
		}
	}
}

func TestBrokenLogQLIsRefused(t *testing.T) {
	broken := []string{
		``, `{}`, `{rule="a"`, `{rule=a}`, `{rule="a} | json`, `{rule="a"} | jsn`, `{rule="a"} | json a=b`,
		`{rule="a"} | json a="b",`,
		`{rule="a"} = "a"`, `{rule="a"} |~`, `{rule="a"} | json | line_format`, `rate({rule="a"}[5m]`,
		`sum(rate({rule="a"}))`,
		`sum by (a (rate({rule="a"}[5m])))`,
	}
	for i, at := range syntaxErrors(t, broken) {
		if len(at) == 0 {
			t.Errorf("%s was accepted", broken[i])
		}
	}
}
