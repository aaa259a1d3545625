package rehearse

import (
	"context"

	"doks-security/test/fakecharts"
)

// charts are the archives of one rehearsal.
type charts struct {
	dir        string
	temporary  *owned // where dir is this rehearsal's own
	unverified bool
}

// chooseCharts takes the published charts: those in .charts, or fetched into it. Where they cannot be had, stand-ins
// made from their contracts serve; it says which. Archives that differ from their pins are refused without
// CHARTS_UNVERIFIED=1.
func chooseCharts(ctx context.Context, root string, r *report) (*charts, error) {
	archives, unreachable, err := fakecharts.Find(ctx, root)
	if err != nil {
		return nil, err
	}
	if unreachable != nil {
		r.note("charts: stand-ins made from their contracts; the published ones cannot be fetched here: %s",
			firstLine(unreachable))
		return standIns(root)
	}
	r.note("charts: published ones, from %s", archives.Dir)
	for _, note := range archives.Notes {
		r.note("  %s", note)
	}
	return &charts{dir: archives.Dir, unverified: archives.Unverified}, nil
}

func standIns(root string) (*charts, error) {
	own, err := newOwned()
	if err != nil {
		return nil, err
	}
	c := &charts{dir: own.path, temporary: own, unverified: true}
	if err := fakecharts.WriteStandInsOf(root, c.dir); err != nil {
		_ = c.close() // the first error is the one to tell
		return nil, err
	}
	return c, nil
}

// config makes the program copy its charts from here, as from a mirror.
func (c *charts) config() map[string]any {
	return map[string]any{"doks-security:charts": map[string]any{"mirror": c.dir, "unverified": c.unverified}}
}

func (c *charts) close() error {
	if c.temporary == nil {
		return nil
	}
	return c.temporary.remove()
}
