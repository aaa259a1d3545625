// Command charts fetches every chart that values/<release>/chart.yaml and addons/<name>/chart.yaml pin, and those of
// examples/addons, and verifies it; where a pin has no sha256, it enters the one of the archive that the chart's
// repository serves. Arguments: the directory for archives, the project's directory.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"

	"doks-security/charts"
	"doks-security/values"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: charts <directory> <project>")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1], os.Args[2])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "charts:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir, project string) error {
	pins, err := values.ProjectCharts(project)
	if err != nil {
		return err
	}
	source := charts.Source{Unverified: os.Getenv("CHARTS_UNVERIFIED") == "1"}
	var wrong, some charts.Errors
	for _, entry := range slices.Sorted(maps.Keys(pins)) {
		if pins[entry].SHA256 != "" || source.Unverified {
			continue
		}
		chart, err := charts.Pin(ctx, dir, pins[entry])
		if errors.As(err, &some) {
			wrong = append(wrong, some...)
			continue
		}
		if err != nil {
			return err
		}
		if err := enter(filepath.Join(project, chart.File), chart.SHA256); err != nil {
			return err
		}
		fmt.Printf("%s: entered sha256 %s into %s; compare it with the digest the publisher states, then commit it\n",
			entry, chart.SHA256, chart.File)
		pins[entry] = chart
	}
	all := slices.Collect(maps.Values(pins))
	rest := slices.Clone(all)
	if !source.Unverified { // what has no pin by now is among the errors
		rest = slices.DeleteFunc(rest, func(c values.Chart) bool { return c.SHA256 == "" })
	}
	if err := source.Fetch(ctx, dir, rest); errors.As(err, &some) {
		wrong = append(wrong, some...)
	} else if err != nil {
		return err
	}
	states, err := charts.States(dir, all)
	if err != nil {
		return err
	}
	fmt.Println(dir)
	for _, s := range states {
		fmt.Println(" ", s)
	}
	return wrong.Err()
}

func enter(file, digest string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if text, err = charts.WritePin(text, digest); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, text, 0o644)
}
