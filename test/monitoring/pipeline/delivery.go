package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"doks-security/values"
)

// Delivery is where an event has arrived, how often, and how long after it was sent.
type Delivery struct {
	Event            Event
	UI, Alertmanager int
	Notified         map[string][]time.Duration // by receiver
}

// Deliver sends one event of each priority through falcosidekick and Alertmanager, and returns where each has arrived
// after wait. The UI is the sink.
func Deliver(
	ctx context.Context, l *Lab, sink *Sink, s *Stack, wait time.Duration,
) ([]Delivery, error) {
	alertmanager, err := l.StartAlertmanager(ctx, sink, AlertmanagerArgs{Stack: s})
	if err != nil {
		return nil, err
	}
	falcosidekick, err := l.StartFalcosidekick(ctx, FalcosidekickArgs{
		Stack: s, Alertmanagers: []string{alertmanager.URL}, UI: sink.URL("ui"),
	})
	if err != nil {
		return nil, err
	}
	var deliveries []Delivery
	sent := time.Now()
	for _, priority := range slices.Backward(values.Priorities) {
		priority = strings.ToUpper(priority[:1]) + priority[1:] // as Falco has it
		e := Event{Rule: "A rule of priority " + priority, Priority: priority}
		if err := falcosidekick.Send(ctx, e); err != nil {
			return nil, err
		}
		deliveries = append(deliveries, Delivery{Event: e, Notified: map[string][]time.Duration{}})
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	alerts, err := alertmanager.Alerts(ctx)
	if err != nil {
		return nil, err
	}
	for i := range deliveries {
		d := &deliveries[i]
		for _, m := range sink.Messages(nil) {
			if !strings.Contains(m.Body, d.Event.Rule) {
				continue
			}
			switch m.Receiver {
			case "ui":
				d.UI++
			default:
				d.Notified[m.Receiver] = append(d.Notified[m.Receiver], m.At.Sub(sent))
			}
		}
		for _, a := range alerts {
			if a.Labels["rule"] == d.Event.Rule {
				d.Alertmanager++
			}
		}
	}
	return deliveries, nil
}

// Alerts are the active ones of Alertmanager.
func (a *Alertmanager) Alerts(ctx context.Context) ([]Alert, error) {
	body, err := get(ctx, a.URL+"/api/v2/alerts")
	if err != nil {
		return nil, err
	}
	var alerts []Alert
	return alerts, json.Unmarshal(body, &alerts)
}

// PrintDeliveries writes a table of them with a column for each receiver.
func PrintDeliveries(w io.Writer, deliveries []Delivery, receivers []string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "event\tUI\tAlertmanager\t%s\n", strings.Join(receivers, "\t"))
	for _, d := range deliveries {
		fmt.Fprintf(table, "%s\t%d\t%d", d.Event.Priority, d.UI, d.Alertmanager)
		for _, receiver := range receivers {
			var after []string
			for _, delay := range d.Notified[receiver] {
				after = append(after, delay.Round(100*time.Millisecond).String())
			}
			fmt.Fprintf(table, "\t%s", cmp.Or(strings.Join(after, ", "), "-"))
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}
