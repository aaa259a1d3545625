package fakecharts

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"doks-security/charts"
	"doks-security/values"
)

var (
	// ErrMissing is what Open says of a directory that lacks archives.
	ErrMissing = errors.New("`make charts` fetches what values/<release>/chart.yaml pins; CHARTS_DIR names " +
		"another directory")
	// ErrDigest is what Open says of an archive that is not the pinned one.
	ErrDigest = errors.New("remove it, then `make charts` fetches it again; " +
		"CHARTS_UNVERIFIED=1 accepts archives packaged from source")
)

// Archives are the published charts, all of them, in a directory.
type Archives struct {
	Dir string
	// Unverified says that an archive has no pinned digest, or differs from it and was accepted with CHARTS_UNVERIFIED=1.
	Unverified bool
	// Notes are what a report must say of them: one line for every archive that is unverified or has no pin.
	Notes []string
}

// Open looks at the archives of values/ in dir. An archive that differs from its pin is refused without
// CHARTS_UNVERIFIED=1.
func Open(dir string) (*Archives, error) {
	pins, err := values.Charts()
	if err != nil {
		return nil, err
	}
	return open(dir, slices.Collect(maps.Values(pins)))
}

func open(dir string, pins []values.Chart) (*Archives, error) {
	states, err := charts.States(dir, pins)
	if err != nil {
		return nil, err
	}
	a := &Archives{Dir: dir}
	missing := 0
	for _, s := range states {
		note, err := Usable(dir, s)
		switch {
		case errors.Is(err, ErrMissing):
			missing++
		case err != nil:
			return nil, err
		case note != "":
			a.Unverified = true
			a.Notes = append(a.Notes, note)
		}
	}
	if missing > 0 {
		return nil, fmt.Errorf("%s: %d of %d charts are missing; %w", dir, missing, len(states), ErrMissing)
	}
	return a, nil
}

// Usable refuses an archive that is missing, or differs from its pin without CHARTS_UNVERIFIED=1. The note is what a
// report must say of one that is not verified.
func Usable(dir string, s charts.State) (note string, err error) {
	switch {
	case s.Digest == "":
		return "", fmt.Errorf("%s: %s; %w", dir, s, ErrMissing)
	case s.Digest == s.Pin.SHA256:
		return "", nil
	case s.Pin.SHA256 != "" && !accepted():
		return "", fmt.Errorf("%s: %s; %w", dir, s, ErrDigest)
	}
	return s.String(), nil
}

// Load reads a pinned chart.
func (a *Archives) Load(pin values.Chart) (*chart.Chart, error) {
	c, err := loader.Load(charts.Archive(a.Dir, pin))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", charts.Archive(a.Dir, pin), err)
	}
	return c, nil
}
