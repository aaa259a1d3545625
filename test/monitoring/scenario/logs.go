package scenario

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Line is what Alloy writes to Loki of an event.
type Line struct {
	At     time.Time
	Text   string
	Labels map[string]string
	Fields map[string]any // those that the query takes from the JSON, by the names it gives them
}

var field = regexp.MustCompile(`(\w+)="output_fields\[\\"([^"\\]+)\\"\]"`)

// Lines are those between two times that the query selects, newest first. There is no Loki here: this knows a stream
// selector, and the fields of json. A stream that no event wrote has no lines.
func Lines(query string, from, to time.Time) ([]Line, error) {
	selector, pipeline, _ := strings.Cut(query, "}")
	matchers, err := PromQL.ParseMetricSelector(selector + "}")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	var lines []Line
	for _, e := range events() {
		line, output, err := e.line()
		if err != nil {
			return nil, err
		}
		selected := !line.At.Before(from) && !line.At.After(to)
		for _, m := range matchers {
			selected = selected && m.Matches(line.Labels[m.Name])
		}
		if !selected {
			continue
		}
		for _, match := range field.FindAllStringSubmatch(pipeline, -1) {
			line.Fields[match[1]] = output[match[2]]
		}
		lines = append([]Line{line}, lines...)
	}
	return lines, nil
}

// line is the event as Falco writes it, and its output_fields.
func (e event) line() (Line, map[string]any, error) {
	at := Midnight.Add(time.Duration(clock(e.at)) * time.Minute)
	fields := map[string]any{
		"container.image.repository": e.image, "k8s.ns.name": e.namespace, "k8s.pod.name": e.pod,
		"proc.cmdline": e.command, "proc.name": e.process, "user.name": e.user,
	}
	text, err := json.Marshal(map[string]any{
		"hostname": e.node, "priority": e.priority, "rule": e.rule, "source": "syscall", "time": at, "output_fields": fields,
	})
	if err != nil {
		return Line{}, nil, err
	}
	return Line{At: at, Text: string(text), Fields: map[string]any{}, Labels: map[string]string{
		"rule": e.rule, "priority": e.priority, "source": "syscall", "hostname": e.node, "k8s_ns_name": e.namespace,
		"k8s_pod_name": e.pod,
	}}, fields, nil
}
