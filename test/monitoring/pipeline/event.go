package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"time"
)

// Event is one of Falco's. Fields are added to those of every event of a container.
type Event struct {
	Rule, Priority string
	Hostname       string    // default: node-a
	Namespace, Pod string    // default: shop, web-1
	Output         string    // default: the rule
	Time           time.Time // default: now
	Fields         map[string]any
	Tags           []string
}

// JSON is the event as Falco posts it with json_output and json_include_output_property.
func (e Event) JSON() ([]byte, error) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	fields := map[string]any{
		"evt.time": e.Time.UnixNano(), "container.id": "3ad7b26ded6d", "container.image.repository": "docker.io/nginx",
		"k8s.ns.name": cmp.Or(e.Namespace, "shop"), "k8s.pod.name": cmp.Or(e.Pod, "web-1"), "user.name": "root",
		"proc.name": "sh", "proc.cmdline": "sh -c id",
	}
	maps.Copy(fields, e.Fields)
	return json.Marshal(map[string]any{
		"uuid": "", "output": cmp.Or(e.Output, e.Rule), "priority": e.Priority, "rule": e.Rule, "source": "syscall",
		"hostname": cmp.Or(e.Hostname, "node-a"),
		"time":     e.Time.UTC().Format(time.RFC3339Nano), "tags": append([]string{}, e.Tags...), "output_fields": fields,
	})
}

// Send posts events to falcosidekick, one after the other as one Falco does, or to Falco Talon, as falcosidekick does.
func (p *Process) Send(ctx context.Context, events ...Event) error {
	for _, e := range events {
		body, err := e.JSON()
		if err != nil {
			return err
		}
		if err := post(ctx, p.URL+"/", string(body)); err != nil {
			return err
		}
	}
	return nil
}
