package charts

import (
	"context"
	"fmt"
	"net/url"

	"github.com/blang/semver"
	"gopkg.in/yaml.v3"

	"doks-security/values"
)

// helmRepository is one that has an index.yaml. It is used by one goroutine.
type helmRepository struct {
	client  *client
	address string
	index   *index // nil: not read yet, or err says why not
	err     error
}

// index is what is read of an index.yaml (https://helm.sh/docs/topics/chart_repository/#the-index-file).
type index struct {
	Entries map[string][]entry `yaml:"entries"`
}

type entry struct {
	Version    string   `yaml:"version"`
	AppVersion string   `yaml:"appVersion"`
	Digest     string   `yaml:"digest"` // may be missing
	URLs       []string `yaml:"urls"`   // relative to the repository, or absolute
}

// read reads the index once: a repository that does not answer makes its other charts wait no longer.
func (r *helmRepository) read(ctx context.Context) (*index, error) {
	if r.index == nil && r.err == nil {
		r.index, r.err = r.fetchIndex(ctx)
	}
	return r.index, r.err
}

func (r *helmRepository) fetchIndex(ctx context.Context) (*index, error) {
	address := r.address + "/index.yaml"
	content, err := r.client.get(ctx, address)
	if err != nil {
		return nil, err
	}
	read := &index{}
	if err := yaml.Unmarshal(content, read); err != nil {
		return nil, fmt.Errorf("reading %s: %w", address, err)
	}
	return read, nil
}

func (r *helmRepository) archive(ctx context.Context, pin values.Chart) ([]byte, error) {
	index, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range index.Entries[pin.Name] {
		if e.Version == pin.Version && len(e.URLs) > 0 {
			return r.download(ctx, e)
		}
	}
	return nil, fmt.Errorf("%s/index.yaml has no %s %s", r.address, pin.Name, pin.Version)
}

func (r *helmRepository) download(ctx context.Context, e entry) ([]byte, error) {
	base, err := url.Parse(r.address + "/")
	if err != nil {
		return nil, err
	}
	location, err := base.Parse(e.URLs[0])
	if err != nil {
		return nil, err
	}
	content, err := r.client.get(ctx, location.String())
	if err != nil {
		return nil, err
	}
	if got := Digest(content); e.Digest != "" && got != e.Digest {
		return nil, fmt.Errorf("%s has sha256 %s, but the repository's index has %s", location, got, e.Digest)
	}
	return content, nil
}

// newest is the entry of the highest version that is no prerelease.
func (i *index) newest(name string) (*entry, error) {
	var found *entry
	highest := semver.Version{}
	for _, e := range i.Entries[name] {
		version, err := semver.ParseTolerant(e.Version)
		if err != nil || len(version.Pre) > 0 || found != nil && version.LE(highest) {
			continue
		}
		found, highest = &e, version
	}
	if found == nil {
		return nil, fmt.Errorf("no version of %s", name)
	}
	return found, nil
}

// Published is a pin of another version, the newest if version is empty, with the sha256 that the index of the
// chart's repository says. A registry has no index: there the version is needed, and the sha256 stays empty.
func Published(ctx context.Context, pin values.Chart, version string) (values.Chart, error) {
	return published(ctx, newClient(), pin, version)
}

func published(ctx context.Context, c *client, pin values.Chart, version string) (values.Chart, error) {
	r, ok := c.open(pin.Repository).(*helmRepository)
	if !ok {
		if version == "" {
			return pin, fmt.Errorf("%s has no index: name a version of %s", pin.Repository, pin.Name)
		}
		pin.Version, pin.AppVersion, pin.SHA256 = version, "", ""
		return pin, nil
	}
	index, err := r.read(ctx)
	if err != nil {
		return pin, err
	}
	if version == "" {
		e, err := index.newest(pin.Name)
		if err != nil {
			return pin, fmt.Errorf("%s: %w", pin.Repository, err)
		}
		version = e.Version
	}
	for _, e := range index.Entries[pin.Name] {
		if e.Version == version {
			pin.Version, pin.AppVersion, pin.SHA256 = e.Version, e.AppVersion, e.Digest
			return pin, nil
		}
	}
	return pin, fmt.Errorf("%s has no %s %s", pin.Repository, pin.Name, version)
}
