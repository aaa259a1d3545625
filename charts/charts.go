// Package charts brings the pinned archives of Helm charts onto this machine: each is fetched once into the directory
// .charts of the project, which git ignores, and its sha256 is compared with the pin in values/<release>/chart.yaml,
// when it is fetched and at every run after that. A release is installed from that file, by a path that is the same on
// every machine: previews need no chart repository, and the state does not say where an archive came from.
//
// An archive comes from the repository of its pin or from a mirror; either is
//
//   - https://host/path, a Helm repository: its index.yaml names the archive
//     (https://helm.sh/docs/topics/chart_repository),
//   - oci://host/path, a registry with the repository <path>/<chart> and the version as tag
//     (https://github.com/opencontainers/distribution-spec), with the login of `helm registry login` or `docker login`,
//   - a directory of <chart>-<version>.tgz.
//
// The proxy of HTTPS_PROXY, HTTP_PROXY and NO_PROXY is used. Several runs may fetch into one directory at the same
// time: a file appears there complete and verified, or not at all.
//
//	dir := filepath.Join(ctx.RootDirectory(), charts.Dir)
//	err := charts.Source{}.Fetch(ctx.Context(), dir, pins)
package charts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"doks-security/values"
)

// Dir is where the archives are, below the project's directory.
const Dir = ".charts"

// Source says where archives come from, and which are accepted.
type Source struct {
	// Mirror is an https:// repository, an oci:// registry or a directory; empty: the repositories of the pins.
	Mirror string
	// Unverified accepts archives with another sha256 than the pinned one, and charts without a pinned one.
	Unverified bool
	// Pinned refuses charts without a pinned sha256. Unverified takes precedence.
	Pinned bool
	// Offline fetches nothing: what is missing stays missing, and what is there is verified.
	Offline bool
}

// Path is a chart's archive as a release names it: relative to the project's directory, with slashes on every system.
func Path(pin values.Chart) string { return path.Join(Dir, file(pin)) }

// Archive is the file of a chart in dir.
func Archive(dir string, pin values.Chart) string { return filepath.Join(dir, file(pin)) }

func file(pin values.Chart) string { return pin.Name + "-" + pin.Version + ".tgz" }

// Fetch returns when dir has the archive of every pin, each verified. It fetches what is missing, each repository's
// charts at the same time as the others'. The error is of type Errors: all charts that are not available, and why.
func (s Source) Fetch(ctx context.Context, dir string, pins []values.Chart) error {
	return s.fetch(ctx, newClient(), dir, pins)
}

func (s Source) fetch(ctx context.Context, c *client, dir string, pins []values.Chart) error {
	var errs Errors
	missing := map[string][]values.Chart{} // by repository
	for _, pin := range pins {
		found, err := s.verified(dir, pin)
		switch {
		case err != nil:
			errs = append(errs, *err)
		case !found && !s.Offline:
			missing[s.repository(pin)] = append(missing[s.repository(pin)], pin)
		}
	}
	if len(missing) > 0 {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making the directory of charts: %w", err)
		}
		if err := sweep(dir); err != nil {
			return fmt.Errorf("removing what killed runs left: %w", err)
		}
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	for repository, wanted := range missing {
		wait.Go(func() {
			from := c.open(repository)
			for _, pin := range wanted {
				if err := s.bring(ctx, from, dir, pin); err != nil {
					mu.Lock()
					errs = append(errs, *err)
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	slices.SortFunc(errs, func(a, b Error) int { return strings.Compare(file(a.Chart), file(b.Chart)) })
	return errs.Err()
}

func (s Source) repository(pin values.Chart) string {
	if s.Mirror != "" {
		return s.Mirror
	}
	return pin.Repository
}

// verified reports whether dir has an archive that can be installed. One that cannot be is an error, as is a chart that
// may not be installed wherever it comes from.
func (s Source) verified(dir string, pin values.Chart) (bool, *Error) {
	if pin.SHA256 == "" && s.Pinned && !s.Unverified {
		return false, unpinned(pin)
	}
	content, err := os.ReadFile(Archive(dir, pin))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case err != nil:
		return false, &Error{Chart: pin, Problem: err.Error(), Expected: "a file that can be read", Fix: "make it readable"}
	case !s.accepts(pin, content):
		return false, changed(dir, pin, Digest(content))
	}
	// What is not verified and lies in a directory may have been packaged again.
	return pin.SHA256 == Digest(content) || !isDirectory(s.repository(pin)) || s.Offline, nil
}

// accepts is the one place where an archive is compared with its pin.
func (s Source) accepts(pin values.Chart, content []byte) bool {
	return s.Unverified || pin.SHA256 == "" || pin.SHA256 == Digest(content)
}

// bring fetches one archive into dir.
func (s Source) bring(ctx context.Context, from repository, dir string, pin values.Chart) *Error {
	content, err := from.archive(ctx, pin)
	if err != nil {
		return unreachable(pin, s.repository(pin), err)
	}
	if !s.accepts(pin, content) {
		return replaced(pin, s.repository(pin), Digest(content))
	}
	if err := intact(content); err != nil {
		return unreachable(pin, s.repository(pin), err)
	}
	if err := place(dir, pin, content); err != nil {
		return &Error{
			Chart: pin, Problem: err.Error(), Expected: "a directory that can be written: " + dir,
			Fix: "make it writable, or free space",
		}
	}
	return nil
}

// incomplete matches archives that are being written. A killed run leaves its own, which a later run removes when it is
// older than abandoned.
const (
	incomplete = ".new-*"
	abandoned  = time.Hour
)

func sweep(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, incomplete))
	for _, file := range files {
		if info, statErr := os.Stat(file); statErr == nil && time.Since(info.ModTime()) > abandoned {
			err = errors.Join(err, os.RemoveAll(file))
		}
	}
	return err
}

// place writes an archive in one step: a reader never sees half of it, nor does the next run when this one is
// interrupted.
func place(dir string, pin values.Chart, content []byte) error {
	temporary, err := os.CreateTemp(dir, incomplete)
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
