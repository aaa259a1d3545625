// Command pipeline runs the programs that carry an event to people, and prints where events of each priority arrive and
// after which time. Programs that are not installed are built, which takes up to half an hour the first time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"doks-security/test/monitoring/pipeline"
)

func main() {
	programs := flag.Bool("programs", false, "only build the programs that tests run, those that build fast")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *programs {
		err = find(ctx, false)
	} else {
		err = errors.Join(find(ctx, true), run(ctx))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// find prints the file of each program, and builds those that are missing; slow ones only on request.
func find(ctx context.Context, slow bool) error {
	programs, err := pipeline.Programs()
	if err != nil {
		return err
	}
	for _, p := range programs {
		file, err := p.Find(ctx, slow || !p.Slow)
		if err != nil {
			file = "not run: " + err.Error()
		}
		fmt.Printf("%-14s %-8s %s\n", p.Name, p.Version, file)
	}
	return nil
}

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "doks-pipeline-")
	if err != nil {
		return err
	}
	l := pipeline.New(dir, true)
	sink, err := pipeline.NewSink()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.StopAll(), sink.Close(), os.RemoveAll(dir)) }()
	stack, err := pipeline.Render("dev", `
alerting:
  receivers:
    - {name: chat, slack: {url: {secure: a}, channel: "#alerts"}}
    - {name: pager, minimumSeverity: critical, pagerduty: {routingKey: {secure: a}}}
`)
	if err != nil {
		return err
	}
	fmt.Println("\nWhere an event of each priority arrives, how often, and after which time receivers are notified:")
	deliveries, err := pipeline.Deliver(ctx, l, sink, stack, time.Minute)
	if err != nil {
		return err
	}
	if err := pipeline.PrintDeliveries(os.Stdout, deliveries, stack.Receivers()); err != nil {
		return err
	}
	fmt.Println("\nNotifications of a critical event that falcosidekick cannot send to Alertmanager:")
	notices, err := pipeline.Outage(ctx, l, stack, 5*time.Minute)
	if missing := (*pipeline.Unavailable)(nil); errors.As(err, &missing) {
		fmt.Println(missing)
		return nil
	}
	if err != nil {
		return err
	}
	return pipeline.PrintNotices(os.Stdout, notices)
}
