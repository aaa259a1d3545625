package stack

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

var (
	codeOfCell = regexp.MustCompile("`([^`]+)`")
	kindOfCell = regexp.MustCompile(`^(slack|alertmanager):`)
)

// Every line of the table in docs/notifications.md is one of a stack file that is valid.
func TestNotificationRoutingTable(t *testing.T) {
	_, section, found := strings.Cut(string(read(t, "../docs/notifications.md")), "\n## Notification routing\n")
	section, _, _ = strings.Cut(section, "\n## ")
	lines := 0
	for row := range strings.SplitSeq(section, "\n") {
		cells := strings.Split(row, " | ")
		if len(cells) != 2 {
			continue
		}
		for _, code := range codeOfCell.FindAllStringSubmatch(cells[1], -1) {
			lines++
			if err := parseLine(t, code[1]); err != nil {
				t.Errorf("%s: %v", code[1], err)
			}
		}
	}
	if !found || lines < 25 {
		t.Errorf("%d lines in the table, want at least 25", lines)
	}
}

// parseLine reads a line of a receiver, or of alerting, in a stack file that has what it needs.
func parseLine(t *testing.T, line string) error {
	t.Helper()
	line = strings.NewReplacer("<secret>", `"https://example.org/hook"`, "https://...",
		"https://example.org").Replace(line)
	const pager = `{name: all, pagerduty: {routingKey: 0123456789abcdef0123456789abcdef}}`
	text := fmt.Sprintf("receivers: [%s, {name: team, webhook: {url: \"https://example.org\"}}]\n%s", pager, line)
	if !strings.HasPrefix(line, "timeIntervals:") && !strings.HasPrefix(line, "extra:") {
		if !kindOfCell.MatchString(line) {
			line += `, webhook: {url: "https://example.org"}`
		}
		text = fmt.Sprintf("timeIntervals: [{name: weekends, intervals: [{weekdays: [saturday]}]}]\n"+
			"receivers: [%s, {name: team, %s}]", pager, line)
	}
	var object map[string]any
	if err := yaml.Unmarshal([]byte(text), &object); err != nil {
		return err
	}
	encoded, err := json.Marshal(object)
	if err != nil {
		return err
	}
	_, err = Parse("dev", map[string]string{
		"alerting": string(encoded), "cluster": `{"pools":[{"name":"default","size":"s-4vcpu-8gb","count":3}]}`,
	})
	return err
}
