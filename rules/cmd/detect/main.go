// Command detect proves the detection on a real cluster: it starts an unapproved virtual cluster and an
// event-generator in a namespace of their own, waits for the alerts at falcosidekick and in Loki, prints which rules
// fired after how many seconds, and removes the namespace. `make detect STACK=<stack>` runs it; nothing else does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// expected must arrive everywhere, or the check fails: one rule of ours, one of Falco's.
var expected = []string{"Virtual Cluster Started Without Approval", "Read sensitive file untrusted"}

func main() {
	stack := flag.String("stack", "", "the `stack` whose cluster is used; a production stack is refused")
	patience := flag.Duration("timeout", 5*time.Minute, "how long to wait for the alerts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *stack, *patience, 2*time.Second); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

// run returns an error when an expected alert does not arrive, or cannot.
func run(ctx context.Context, out io.Writer, stack string, patience, pause time.Duration) (err error) {
	if stack == "" {
		return errors.New("name a stack: make detect STACK=dev")
	}
	if err := refuseProduction(ctx, stack); err != nil {
		return err
	}
	c, err := connect(ctx, stack)
	if err != nil {
		return err
	}
	defer c.close()
	namespaces, err := namespacesOf(ctx, stack)
	if err != nil {
		return err
	}
	sidekick, err := c.portForward(ctx, namespaces["falco"], "falco-falcosidekick", 2801)
	if err != nil {
		return err
	}
	loki, err := c.portForward(ctx, namespaces["loki"], "loki", 3100)
	if err != nil {
		return err
	}
	start := time.Now()
	namespace := fmt.Sprintf("detect-%d", start.Unix())
	defer func() {
		// Also after an interrupt, which has ended ctx.
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		_, removeErr := c.kubectl(cleanup, "", "delete", "namespace", namespace, "--ignore-not-found", "--wait=false")
		err = errors.Join(err, removeErr)
	}()
	manifest, err := suspects(namespace)
	if err != nil {
		return err
	}
	if _, err := c.kubectl(ctx, manifest, "apply", "-f", "-"); err != nil {
		return err
	}
	places := []place{
		{"falcosidekick", func(ctx context.Context) ([]string, error) { return atFalcosidekick(ctx, sidekick, namespace) }},
		{"Loki", func(ctx context.Context) ([]string, error) { return inLoki(ctx, loki, namespace, start) }},
	}
	return wait(ctx, out, places, start, patience, pause)
}

// place is where alerts arrive: read returns the rules of which there is one.
type place struct {
	name string
	read func(context.Context) ([]string, error)
}

// wait polls until every expected rule is in every place, and prints what arrived when.
func wait(ctx context.Context, out io.Writer, places []place, start time.Time, patience, pause time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	arrived := make([]map[string]time.Duration, len(places))
	var last error
	for {
		missing := 0
		for i, p := range places {
			if arrived[i] == nil {
				arrived[i] = map[string]time.Duration{}
			}
			rules, err := p.read(ctx)
			if err != nil {
				last = fmt.Errorf("%s: %w", p.name, err)
			}
			for _, rule := range rules {
				if _, known := arrived[i][rule]; !known {
					arrived[i][rule] = time.Since(start)
				}
			}
			for _, rule := range expected {
				if _, known := arrived[i][rule]; !known {
					missing++
				}
			}
		}
		if missing == 0 {
			summarize(out, places, arrived)
			return nil
		}
		select {
		case <-ctx.Done():
			summarize(out, places, arrived)
			return errors.Join(fmt.Errorf("%d of %d expected alerts did not arrive: %w", missing, len(expected)*len(places),
				ctx.Err()), last)
		case <-time.After(pause):
		}
	}
}

// summarize prints a line for each rule: seconds until its first alert was in each place.
func summarize(out io.Writer, places []place, arrived []map[string]time.Duration) {
	rules := map[string]bool{}
	for _, rule := range expected {
		rules[rule] = true
	}
	for _, at := range arrived {
		for rule := range at {
			rules[rule] = true
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		columns := []string{fmt.Sprintf("%-50s", rule)}
		for i, p := range places {
			text := "not"
			if after, ok := arrived[i][rule]; ok {
				text = fmt.Sprintf("%.0f s", after.Seconds())
			}
			columns = append(columns, p.name+": "+text)
		}
		fmt.Fprintln(out, strings.Join(columns, "  "))
	}
}
