package pipeline

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// StartWatched starts a falcosidekick that reaches Alertmanager or not, and a Prometheus that scrapes both and
// evaluates the stack's rules. Every is as in PrometheusArgs.
func (l *Lab) StartWatched(
	ctx context.Context, s *Stack, a *Alertmanager, reaches bool, every time.Duration,
) (*Falcosidekick, error) {
	to := a.URL
	if !reaches {
		address, err := freeAddress()
		if err != nil {
			return nil, err
		}
		to = "http://" + address // where nothing listens
	}
	f, err := l.StartFalcosidekick(ctx, FalcosidekickArgs{Stack: s, Alertmanagers: []string{to}})
	if err != nil {
		return nil, err
	}
	_, err = l.StartPrometheus(ctx, PrometheusArgs{
		Stack: s, Every: every, Alertmanagers: []*Alertmanager{a},
		Targets: map[string][]*Process{
			"falco-falcosidekick": {f.Process}, "kube-prometheus-stack-alertmanager": {a.Process},
		},
	})
	return f, err
}

// Notice is a message that people got in an outage, and how long after the event.
type Notice struct {
	Title string
	After time.Duration
}

// Outage sends a critical event while falcosidekick does not reach Alertmanager, and returns what Prometheus makes of
// it within a time: the messages of all receivers, but for the alerts of what the pipeline does not run.
func Outage(ctx context.Context, l *Lab, s *Stack, within time.Duration) ([]Notice, error) {
	sink, err := NewSink()
	if err != nil {
		return nil, err
	}
	defer sink.Close()
	a, err := l.StartAlertmanager(ctx, sink, AlertmanagerArgs{Stack: s})
	if err != nil {
		return nil, err
	}
	f, err := l.StartWatched(ctx, s, a, false, 0)
	if err != nil {
		return nil, err
	}
	sent := time.Now()
	if err := f.Send(ctx, Event{Rule: "Drop and execute", Priority: "Critical"}); err != nil {
		return nil, err
	}
	var notices []Notice
	ofTheEvent := func(m Message) bool {
		return strings.Contains(m.Body, "Drop and execute") || strings.Contains(m.Body, "FalcosidekickOutputErrors")
	}
	for _, m := range sink.Await(2, within, ofTheEvent) {
		title, _, _ := m.Read()
		notices = append(notices, Notice{title, m.At.Sub(sent)})
	}
	return notices, nil
}

// PrintNotices writes a table of them.
func PrintNotices(w io.Writer, notices []Notice) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "message\tafter")
	for _, n := range notices {
		fmt.Fprintf(table, "%s\t%s\n", n.Title, n.After.Round(time.Second))
	}
	return table.Flush()
}
