package rehearse

import (
	"context"
	"fmt"
	"os"
	"time"

	"doks-security/rehearsal/contract"
)

// pullTime is how long the published charts may take to arrive.
const pullTime = 3 * time.Minute

// charts are the archives of one rehearsal.
type charts struct {
	dir        string
	temporary  bool
	unverified bool
}

// chooseCharts takes the published charts: from the cache, or pulled into it. Where they cannot be had, stand-ins made
// from their contracts serve; it says which. Archives that differ from their pins are refused without
// CHARTS_UNVERIFIED=1.
func chooseCharts(ctx context.Context, r *report) (*charts, error) {
	dir := contract.Dir()
	if os.Getenv("CHARTS_DIR") == "" { // a directory that was named is taken as it is
		pulling, cancel := context.WithTimeout(ctx, pullTime)
		defer cancel()
		if err := contract.Pull(pulling, dir); err != nil {
			r.note("charts: stand-ins made from their contracts; the published ones cannot be fetched here: %s", firstLine(err))
			return standIns()
		}
	}
	archives, err := contract.Open(dir)
	if err != nil {
		return nil, err
	}
	r.note("charts: published ones, from %s", dir)
	for _, note := range archives.Notes {
		r.note("  %s", note)
	}
	return &charts{dir: dir, unverified: archives.Unverified}, nil
}

func standIns() (*charts, error) {
	dir, err := os.MkdirTemp("", "doks-charts-")
	if err != nil {
		return nil, fmt.Errorf("making stand-in charts: %w", err)
	}
	c := &charts{dir: dir, temporary: true, unverified: true}
	if err := contract.WriteStandIns(dir); err != nil {
		_ = c.close() // the first error is the one to tell
		return nil, err
	}
	return c, nil
}

// config makes the program take its charts from here.
func (c *charts) config() map[string]any {
	return map[string]any{"doks-security:charts": map[string]any{"mirror": c.dir, "unverified": c.unverified}}
}

func (c *charts) close() error {
	if !c.temporary {
		return nil
	}
	return os.RemoveAll(c.dir)
}
