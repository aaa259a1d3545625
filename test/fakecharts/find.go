package fakecharts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"doks-security/charts"
	"doks-security/values"
)

// pullTime is how long the published charts may take to arrive.
const pullTime = 3 * time.Minute

// Dir is where the archives of charts are: CHARTS_DIR, or .charts in the project's directory.
func Dir(root string) (string, error) {
	if dir := os.Getenv("CHARTS_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	return filepath.Abs(filepath.Join(root, charts.Dir))
}

// OpenIn opens the archives of the project in root, as they are.
func OpenIn(root string) (*Archives, error) {
	dir, err := Dir(root)
	if err != nil {
		return nil, err
	}
	pins, err := pinned(root)
	if err != nil {
		return nil, err
	}
	return open(dir, pins)
}

// Find opens the published charts of the project in root: those CHARTS_DIR names, as they are, or those in .charts,
// into which what is missing is fetched. Charts that cannot be fetched are no error: archives is nil then, and
// unreachable says why.
func Find(ctx context.Context, root string) (archives *Archives, unreachable, err error) {
	dir, err := Dir(root)
	if err != nil {
		return nil, nil, err
	}
	if os.Getenv("CHARTS_DIR") == "" {
		pins, err := pinned(root)
		if err != nil {
			return nil, nil, err
		}
		fetching, cancel := context.WithTimeout(ctx, pullTime)
		defer cancel()
		unreachable = first(charts.Source{Unverified: accepted()}.Fetch(fetching, dir, pins))
	}
	archives, err = OpenIn(root)
	if unreachable != nil && errors.Is(err, ErrMissing) {
		return nil, unreachable, nil
	}
	return archives, nil, err
}

// first is the first chart of an error of charts.
func first(err error) error {
	var all charts.Errors
	if !errors.As(err, &all) {
		return err
	}
	return fmt.Errorf("%s %s: %s", all[0].Chart.Name, all[0].Chart.Version, all[0].Problem)
}

// pinned are all pins of the project in root.
func pinned(root string) ([]values.Chart, error) {
	pins, err := values.ProjectCharts(root)
	if err != nil {
		return nil, fmt.Errorf("finding the charts: %w", err)
	}
	return slices.Collect(maps.Values(pins)), nil
}

// accepted reports whether archives that differ from their pins are accepted: those packaged from source.
func accepted() bool { return os.Getenv("CHARTS_UNVERIFIED") == "1" }
