package contract

import (
	"errors"
	"fmt"
	"os"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"doks-security/values"
)

var (
	// ErrMissing is what Open says of a cache that lacks archives.
	ErrMissing = errors.New("`make charts` fetches what values/charts.yaml pins; CHARTS_DIR names another cache")
	// ErrDigest is what Open says of an archive that is not the pinned one.
	ErrDigest = errors.New("`make charts` fetches it again once it is removed; CHARTS_UNVERIFIED=1 accepts archives packaged from source")
)

// Archives are the published charts, all of them, in a cache.
type Archives struct {
	Dir string
	// Unverified says that an archive differs from its pin, and was accepted with CHARTS_UNVERIFIED=1.
	Unverified bool
	// Notes are what a report must say of them: one line for every archive that is unverified or has no pin.
	Notes []string
}

// Open looks at the archives in dir. An archive that differs from its pin is refused without CHARTS_UNVERIFIED=1.
func Open(dir string) (*Archives, error) {
	states, err := States(dir)
	if err != nil {
		return nil, err
	}
	a := &Archives{Dir: dir}
	missing := 0
	for _, s := range states {
		switch {
		case s.Digest == "":
			missing++
		case !s.Verified() && os.Getenv("CHARTS_UNVERIFIED") != "1":
			return nil, fmt.Errorf("%s: %s; %w", dir, s, ErrDigest)
		case !s.Verified():
			a.Unverified = true
			a.Notes = append(a.Notes, s.String())
		case s.Pin.SHA256 == "":
			a.Notes = append(a.Notes, s.String())
		}
	}
	if missing > 0 {
		return nil, fmt.Errorf("%s: %d of %d charts are missing; %w", dir, missing, len(states), ErrMissing)
	}
	return a, nil
}

// Load reads a pinned chart.
func (a *Archives) Load(pin values.Chart) (*chart.Chart, error) {
	c, err := loader.Load(Archive(a.Dir, pin))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", Archive(a.Dir, pin), err)
	}
	return c, nil
}
