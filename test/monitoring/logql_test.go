package monitoring

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"doks-security/test/monitoring/scenario"
)

// What LogQL's grammar (grammar_test.go) does not know: labels, selectors that Loki refuses, paths into JSON. This is a
// strict check of the part of LogQL that our dashboards need, and refuses the rest: a stream selector, in Prometheus'
// syntax and read by Prometheus' parser; line filters; and json, with or without fields.
var (
	lineFilter  = regexp.MustCompile("^\\s*(\\|=|!=|\\|~|!~)\\s*(\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`)")
	jsonStage   = regexp.MustCompile(`^\s*\|\s*json\b`)
	jsonField   = regexp.MustCompile(`^\s*[a-zA-Z_][a-zA-Z0-9_]*\s*=\s*("(?:[^"\\]|\\.)*")\s*(,)?`)
	jsonPath    = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*(\["[^"\]]+"\]|\[[0-9]+\]|\.[a-zA-Z_][a-zA-Z0-9_]*)*$`)
	outputField = regexp.MustCompile(`^output_fields\["([^"]+)"\]$`)
)

// checkLogQL reads a log query, and returns what is wrong with it.
func (c catalog) checkLogQL(text string) error {
	end, err := selectorEnd(text)
	if err != nil {
		return err
	}
	matchers, err := scenario.PromQL.ParseMetricSelector(text[:end])
	if err != nil {
		return err
	}
	selective := false
	for _, m := range matchers {
		selective = selective || !m.Matches("")
	}
	if !selective {
		return errors.New("Loki refuses a selector that matches every stream: one matcher must not match the empty text")
	}
	if !slices.ContainsFunc([]string{"falco", "pods"}, func(writer string) bool {
		for _, m := range matchers {
			if !slices.Contains(c.Streams[writer], m.Name) {
				return false
			}
		}
		return true
	}) {
		return fmt.Errorf("no stream has all the labels of %s", text[:end])
	}
	return c.checkPipeline(text[end:])
}

// selectorEnd is where the braces close, outside of quotes.
func selectorEnd(text string) (int, error) {
	if !strings.HasPrefix(text, "{") {
		return 0, errors.New("only log queries are checked here, which start with {")
	}
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '}' && !quoted:
			return i + 1, nil
		}
	}
	return 0, errors.New("the selector does not end")
}

func (c catalog) checkPipeline(rest string) error {
	for strings.TrimSpace(rest) != "" {
		if match := lineFilter.FindStringSubmatch(rest); match != nil {
			filter, err := strconv.Unquote(match[2])
			if err != nil {
				return fmt.Errorf("%s: %w", match[2], err)
			}
			if strings.HasSuffix(match[1], "~") {
				if _, err := regexp.Compile(filter); err != nil {
					return err
				}
			}
			rest = rest[len(match[0]):]
			continue
		}
		stage := jsonStage.FindString(rest)
		if stage == "" {
			return fmt.Errorf("not a stage that is checked here: %q", strings.TrimSpace(rest))
		}
		rest = rest[len(stage):]
		for more := !strings.HasPrefix(strings.TrimSpace(rest), "|") && strings.TrimSpace(rest) != ""; more; {
			match := jsonField.FindStringSubmatch(rest)
			if match == nil {
				return fmt.Errorf("not a field of json: %q", strings.TrimSpace(rest))
			}
			path, err := strconv.Unquote(match[1])
			if err != nil || !jsonPath.MatchString(path) {
				return fmt.Errorf("not a path into JSON: %s", match[1])
			}
			if field := outputField.FindStringSubmatch(path); field != nil && c.Fields[field[1]] == "" {
				return fmt.Errorf("nothing puts %s into events", field[1])
			}
			rest, more = rest[len(match[0]):], match[2] != ""
		}
	}
	return nil
}

func TestCheckLogQL(t *testing.T) {
	c := readCatalog(t)
	for _, good := range []string{
		`{rule="Read file"}`,
		`{rule=~".+", priority=~"(?i)(warning|error)"} | json`,
		`{rule=~".+", k8s_ns_name=~".*"} |= "vcluster" !~ "demo.*" | json user="output_fields[\"user.name\"]", ` +
			`first="tags[0]"`,
		`{namespace="a}b", pod=~".*"}`,
	} {
		if err := c.checkLogQL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		`{rule=~".*"}`:               "every stream",
		`{rule="a"`:                  "does not end",
		`{rule=a}`:                   "unexpected",
		`{rule=~"(a"}`:               "missing closing",
		`{rule="a", namespace="b"}`:  "no stream has all the labels",
		`{rul="a"}`:                  "no stream has all the labels",
		`{rule="a"} | jsn`:           "not a stage",
		`{rule="a"} | json a=b`:      "not a field",
		`{rule="a"} | json a="b[c]"`: "not a path",
		`{rule="a"} | json a="b",`:   "not a field",
		`{rule="a"} | json a="output_fields[\"proc.nam\"]"`: "nothing puts proc.nam",
		`{rule="a"} |~ "(a"`:              "missing closing",
		`{rule="a"} = "a"`:                "not a stage",
		`rate({rule="a"}[5m])`:            "only log queries",
		`{rule="a"} | json | line_format`: "not a stage",
	} {
		if err := c.checkLogQL(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", bad, err, want)
		}
	}
}
