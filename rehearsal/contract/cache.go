package contract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/repo"
	"sigs.k8s.io/yaml"

	"doks-security/values"
)

// requestTime bounds one download: an index may have several megabytes.
const requestTime = 2 * time.Minute

// Dir is the cache of chart archives: CHARTS_DIR, or a directory of the user's. A user without a home directory has none: in
// a directory that all users share, another one could put archives first.
func Dir() (string, error) {
	if dir := os.Getenv("CHARTS_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no directory for chart archives: %w; set CHARTS_DIR to one that only you can write", err)
	}
	return filepath.Join(cache, "doks-security", "charts"), nil
}

// OpenCache opens the archives in Dir: see Open.
func OpenCache() (*Archives, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	return Open(dir)
}

// State is what the cache knows of one pinned chart.
type State struct {
	Pin    values.Chart
	Digest string // of the archive; empty when there is none
}

// String is a line of a report.
func (s State) String() string {
	file := filepath.Base(Archive("", s.Pin))
	switch {
	case s.Digest == "":
		return file + ": missing"
	case s.Pin.SHA256 == "":
		return file + ": unpinned, sha256 " + s.Digest
	case s.Pin.SHA256 != s.Digest:
		return file + ": unverified, sha256 " + s.Digest + " is not the pinned " + s.Pin.SHA256
	}
	return file + ": verified"
}

// Verified tells an archive with the pinned digest, or without a pin, from one that differs.
func (s State) Verified() bool {
	return s.Digest != "" && (s.Pin.SHA256 == "" || s.Pin.SHA256 == s.Digest)
}

// States looks at every pinned chart in dir.
func States(dir string) ([]State, error) {
	pins, err := values.Charts()
	if err != nil {
		return nil, err
	}
	var states []State
	for _, pin := range pins {
		content, err := os.ReadFile(Archive(dir, pin))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("reading the chart cache: %w", err)
		}
		state := State{Pin: pin}
		if err == nil {
			state.Digest = digest(content)
		}
		states = append(states, state)
	}
	slices.SortFunc(states, func(a, b State) int { return strings.Compare(a.String(), b.String()) })
	return states, nil
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Pull fetches what is missing in dir from the charts' repositories. An archive with another digest than the pinned one
// is refused.
func Pull(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the chart cache: %w", err)
	}
	states, err := States(dir)
	if err != nil {
		return err
	}
	indexes := map[string]*repo.IndexFile{}
	for _, s := range states {
		if s.Digest != "" {
			continue
		}
		index, ok := indexes[s.Pin.Repository]
		if !ok {
			if index, err = fetchIndex(ctx, s.Pin.Repository); err != nil {
				return fmt.Errorf("chart repository %s: %w", s.Pin.Repository, err)
			}
			indexes[s.Pin.Repository] = index
		}
		if err := fetch(ctx, dir, s.Pin, index); err != nil {
			return fmt.Errorf("chart %s %s: %w", s.Pin.Name, s.Pin.Version, err)
		}
	}
	return nil
}

func fetchIndex(ctx context.Context, repository string) (*repo.IndexFile, error) {
	content, err := get(ctx, repository+"/index.yaml")
	if err != nil {
		return nil, err
	}
	index := &repo.IndexFile{}
	if err := yaml.Unmarshal(content, index); err != nil {
		return nil, fmt.Errorf("reading its index: %w", err)
	}
	index.SortEntries()
	return index, nil
}

// PullVersion fetches another version of a pinned chart into dir, the newest if version is empty, and returns its pin:
// the digest is what the repository's index says.
func PullVersion(ctx context.Context, dir string, pin values.Chart, version string) (values.Chart, error) {
	index, err := fetchIndex(ctx, pin.Repository)
	if err != nil {
		return pin, fmt.Errorf("chart repository %s: %w", pin.Repository, err)
	}
	entry, err := index.Get(pin.Name, version)
	if err != nil {
		return pin, fmt.Errorf("chart %s %s: %w", pin.Name, version, err)
	}
	pin.Version, pin.AppVersion, pin.SHA256 = entry.Version, entry.AppVersion, entry.Digest
	if err := fetch(ctx, dir, pin, index); err != nil {
		return pin, fmt.Errorf("chart %s %s: %w", pin.Name, pin.Version, err)
	}
	return pin, nil
}

func fetch(ctx context.Context, dir string, pin values.Chart, index *repo.IndexFile) error {
	entry, err := index.Get(pin.Name, pin.Version)
	if err != nil || len(entry.URLs) == 0 {
		return fmt.Errorf("not in the repository's index: %w", err)
	}
	base, err := url.Parse(pin.Repository + "/")
	if err != nil {
		return err
	}
	location, err := base.Parse(entry.URLs[0])
	if err != nil {
		return err
	}
	content, err := get(ctx, location.String())
	if err != nil {
		return err
	}
	if got := digest(content); pin.SHA256 != "" && got != pin.SHA256 {
		return fmt.Errorf("the published archive has sha256 %s, the pin is %s: somebody replaced it, or the pin is wrong", got, pin.SHA256)
	}
	temporary, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), Archive(dir, pin))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}

func get(ctx context.Context, location string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", location, response.Status)
	}
	return io.ReadAll(response.Body)
}
