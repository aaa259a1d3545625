package pipeline

import (
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
	set := func(value *string, otherwise string) {
		if *value == "" {
			*value = otherwise
		}
	}
	set(&e.Hostname, "node-a")
	set(&e.Namespace, "shop")
	set(&e.Pod, "web-1")
	set(&e.Output, e.Rule)
	fields := map[string]any{
		"evt.time": e.Time.UnixNano(), "container.id": "3ad7b26ded6d", "container.image.repository": "docker.io/nginx",
		"k8s.ns.name": e.Namespace, "k8s.pod.name": e.Pod, "user.name": "root", "proc.name": "sh", "proc.cmdline": "sh -c id",
	}
	maps.Copy(fields, e.Fields)
	return json.Marshal(map[string]any{
		"uuid": "", "output": e.Output, "priority": e.Priority, "rule": e.Rule, "source": "syscall", "hostname": e.Hostname,
		"time": e.Time.UTC().Format(time.RFC3339Nano), "tags": append([]string{}, e.Tags...), "output_fields": fields,
	})
}

// Send posts events to falcosidekick, one after the other as one Falco does.
func (f *Falcosidekick) Send(ctx context.Context, events ...Event) error {
	for _, e := range events {
		body, err := e.JSON()
		if err != nil {
			return err
		}
		if err := post(ctx, f.URL+"/", string(body)); err != nil {
			return err
		}
	}
	return nil
}
