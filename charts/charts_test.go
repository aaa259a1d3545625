package charts

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"doks-security/values"
)

// What is fetched, from where, and what is refused.
func TestFetch(t *testing.T) {
	archive := packed(t, "shop")
	other := packed(t, "another shop")
	const repository, registry, directory = "repository", "registry", "directory"
	type has struct {
		cached    []byte // in the directory of archives
		pinned    bool
		truncated bool
		short     bool // the answer ends before its length
		indexed   string
		chart     string // default: shop
	}
	for _, c := range []struct {
		name    string
		from    string
		source  Source // its mirror is from
		has     has
		message []string // of the error; none: archive is there
	}{
		{"a repository", repository, Source{}, has{pinned: true}, nil},
		{"a registry", registry, Source{}, has{pinned: true}, nil},
		{"a directory", directory, Source{}, has{pinned: true}, nil},
		{"the profile prod", repository, Source{Pinned: true}, has{pinned: true}, nil},
		{"cached, and no network", "https://127.0.0.1:1", Source{}, has{pinned: true, cached: archive}, nil},
		{"cached, and the mirror's directory is gone", "/nonexistent", Source{}, has{pinned: true, cached: archive}, nil},

		{"another digest than the pinned one", repository, Source{}, has{pinned: false, indexed: "pin"},
			[]string{"1 Helm chart is not available", "shop 1.0.0: the archive from ", "has sha256 " + Digest(archive),
				"expected: sha256 000", "charts.unverified true"}},
		{"another digest, in a registry", registry, Source{}, has{indexed: "pin"},
			[]string{"the archive from oci://", "expected: sha256 000"}},
		{"another digest, in a directory", directory, Source{}, has{indexed: "pin"},
			[]string{"the archive from /", "expected: sha256 000"}},
		{"another digest, accepted", repository, Source{Unverified: true, Pinned: true}, has{indexed: "pin"}, nil},
		{"another digest than the index says", repository, Source{}, has{indexed: "index"},
			[]string{"but the repository's index has 000"}},
		{"a cached file that was changed", repository, Source{}, has{pinned: true, cached: other},
			[]string{"shop-1.0.0.tgz has sha256 " + Digest(other), "expected: sha256 " + Digest(archive), "fix: rm '/",
				"make charts"}},
		{"a cached file that is half of one", repository, Source{}, has{pinned: true, cached: archive[:9]},
			[]string{"fix: rm '/"}},
		{"a cached file that was changed, offline", repository, Source{Offline: true}, has{pinned: true, cached: other},
			[]string{"fix: rm '/"}},

		{"a truncated archive", repository, Source{}, has{truncated: true},
			[]string{"is not a complete .tgz: unexpected EOF"}},
		{"a truncated archive in a registry", registry, Source{}, has{truncated: true},
			[]string{"is not a complete .tgz: unexpected EOF"}},
		{"an answer that ends too early", repository, Source{}, has{short: true},
			[]string{"/charts/shop-1.0.0.tgz: unexpected EOF"}},
		{"an archive that is missing", repository, Source{}, has{pinned: true, chart: "stall"},
			[]string{"stall 1.0.0: https://127.0.0.1:", "/charts/index.yaml has no stall 1.0.0", "from https://127.0.0.1:",
				"charts.mirror"}},
		{"an archive that is missing in a registry", registry, Source{}, has{pinned: true, chart: "stall"},
			[]string{"/charts/stall:1.0.0: not found"}},
		{"an archive that is missing in a directory", directory, Source{}, has{pinned: true, chart: "stall"},
			[]string{"no such file or directory", "make charts CHARTS_DIR='/"}},
		{"no network", "https://127.0.0.1:1", Source{}, has{pinned: true},
			[]string{`Get "https://127.0.0.1:1/index.yaml"`, "HTTPS_PROXY"}},
		{"no network, to a registry", "oci://127.0.0.1:1/charts", Source{}, has{pinned: true},
			[]string{`Get "https://127.0.0.1:1/v2/charts/shop/manifests/1.0.0"`}},

		{"no pinned digest in dev", repository, Source{}, has{}, nil},
		{"no pinned digest in prod", repository, Source{Pinned: true}, has{},
			[]string{"values/shop/chart.yaml has no sha256 of it", "a pinned sha256 in profile prod", "make charts"}},
		{"no pinned digest in prod, cached", repository, Source{Pinned: true}, has{cached: archive},
			[]string{"values/shop/chart.yaml has no sha256 of it"}},
		{"no pinned digest in prod, accepted", repository, Source{Pinned: true, Unverified: true}, has{}, nil},
		{"packaged again in a directory", directory, Source{Unverified: true}, has{cached: other}, nil},
		{"packaged again, but offline", directory, Source{Unverified: true, Offline: true}, has{cached: archive}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			withLogins(t, `{}`)
			served := archive
			if c.has.truncated {
				served = archive[:len(archive)-6]
			}
			s := newSite(t, map[string][]byte{"shop-1.0.0.tgz": served})
			s.short = c.has.short
			pin := values.Chart{Name: "shop", Version: "1.0.0", File: "values/shop/chart.yaml"}
			if c.has.chart != "" {
				pin.Name = c.has.chart
			}
			if c.has.pinned {
				pin.SHA256 = Digest(archive)
			}
			switch zeros := strings.Repeat("0", 64); c.has.indexed {
			case "pin":
				pin.SHA256 = zeros
			case "index":
				s.digests["shop-1.0.0"] = zeros
			}
			dir := filepath.Join(t.TempDir(), Dir)
			if c.has.cached != nil {
				write(t, Archive(dir, pin), c.has.cached)
			}
			pin.Repository = c.from
			switch c.from {
			case repository:
				pin.Repository = s.address()
			case registry:
				c.source.Mirror = s.oci()
			case directory:
				c.source.Mirror = t.TempDir()
				write(t, filepath.Join(c.source.Mirror, "shop-1.0.0.tgz"), served)
			}
			err := c.source.fetch(t.Context(), s.client(), dir, []values.Chart{pin})
			if len(c.message) == 0 {
				checkMessage(t, err, "")
				checkFile(t, dir, pin, archive)
			}
			for _, want := range c.message {
				checkMessage(t, err, want)
			}
			checkLeftovers(t, dir, pin)
			if err != nil && c.has.cached == nil {
				if _, err := os.Stat(Archive(dir, pin)); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("an archive that was refused is kept: %v", err)
				}
			}
		})
	}
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkLeftovers finds files other than the archives.
func checkLeftovers(t *testing.T, dir string, pins ...values.Chart) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, f := range files {
		known := false
		for _, pin := range pins {
			known = known || f.Name() == file(pin)
		}
		if !known {
			t.Errorf("%s is left", f.Name())
		}
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	s := newSite(t, map[string][]byte{"shop-1.0.0.tgz": packed(t, "shop")})
	dir := t.TempDir()
	pins := []values.Chart{
		{Name: "stall", Version: "1.0.0", Repository: s.address()},
		{Name: "shop", Version: "1.0.0", Repository: s.address()},
		{Name: "kiosk", Version: "2.0.0", Repository: "https://127.0.0.1:1"},
		{Name: "booth", Version: "2.0.0", Repository: "https://127.0.0.1:1"},
	}
	err := Source{}.fetch(t.Context(), s.client(), dir, pins)
	var all Errors
	if !errors.As(err, &all) || len(all) != 3 || all[0].Chart.Name != "booth" || all[2].Chart.Name != "stall" {
		t.Fatalf("errors %v, want those of booth, kiosk and stall", err)
	}
	for _, e := range all {
		if e.Problem == "" || e.Expected == "" || e.Fix == "" {
			t.Errorf("%+v says too little", e)
		}
	}
	checkFile(t, dir, pins[1], packed(t, "shop")) // what can be had is kept for the next run
}

func TestSlowServer(t *testing.T) {
	archive := packed(t, "shop")
	s := newSite(t, map[string][]byte{"shop-1.0.0.tgz": archive})
	s.slow = make(chan struct{})
	t.Cleanup(func() { close(s.slow) }) // before the server ends
	pin := values.Chart{Name: "shop", Version: "1.0.0", Repository: s.address(), SHA256: Digest(archive)}
	dir := t.TempDir()
	c := s.client()
	c.timeout = 200 * time.Millisecond
	started := time.Now()
	checkMessage(t, Source{}.fetch(t.Context(), c, dir, []values.Chart{pin}), "deadline exceeded")
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	checkLeftovers(t, dir)
}

// The second run needs no request, and several at once leave whole files.
func TestFetchAtTheSameTime(t *testing.T) {
	archives := map[string][]byte{}
	var pins []values.Chart
	for _, name := range []string{"a", "b", "c"} {
		content := packed(t, strings.Repeat(name, 1<<16))
		archives[name+"-1.0.0.tgz"] = content
		pins = append(pins, values.Chart{Name: name, Version: "1.0.0", SHA256: Digest(content)})
	}
	s := newSite(t, archives)
	for i := range pins {
		pins[i].Repository = s.address()
	}
	dir := filepath.Join(t.TempDir(), Dir)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if err := (Source{}).fetch(t.Context(), s.client(), dir, pins); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, pin := range pins {
		checkFile(t, dir, pin, archives[file(pin)])
	}
	checkLeftovers(t, dir, pins...)
	before := s.requests.Load()
	if err := (Source{}).fetch(t.Context(), s.client(), dir, pins); err != nil || s.requests.Load() != before {
		t.Errorf("%d requests for what is there already, %v", s.requests.Load()-before, err)
	}
}

func TestKilledRunsLeaveNothing(t *testing.T) {
	archive := packed(t, "shop")
	s := newSite(t, map[string][]byte{"shop-1.0.0.tgz": archive})
	dir := t.TempDir()
	left, underWay := filepath.Join(dir, ".new-1"), filepath.Join(dir, ".new-2")
	write(t, left, archive[:10])
	write(t, underWay, archive[:10])
	yesterday := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(left, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	pin := values.Chart{Name: "shop", Version: "1.0.0", Repository: s.address(), SHA256: Digest(archive)}
	if err := (Source{}).fetch(t.Context(), s.client(), dir, []values.Chart{pin}); err != nil {
		t.Fatal(err)
	}
	checkFile(t, dir, pin, archive)
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", left, err)
	}
	if _, err := os.Stat(underWay); err != nil {
		t.Errorf("another run's file: %v", err)
	}
}

func TestOfflineFetchesNothing(t *testing.T) {
	pin := values.Chart{Name: "shop", Version: "1.0.0", Repository: "https://127.0.0.1:1", SHA256: strings.Repeat("0", 64)}
	if err := (Source{Offline: true}).Fetch(t.Context(), t.TempDir(), []values.Chart{pin}); err != nil {
		t.Error(err)
	}
}

func TestUnwritableDirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file is no directory on every system, but its error differs")
	}
	archive := packed(t, "shop")
	s := newSite(t, map[string][]byte{"shop-1.0.0.tgz": archive})
	dir := filepath.Join(t.TempDir(), "file")
	write(t, dir, nil)
	pin := values.Chart{Name: "shop", Version: "1.0.0", Repository: s.address()}
	checkMessage(t, Source{}.fetch(t.Context(), s.client(), dir, []values.Chart{pin}), "not a directory")
}

func TestPath(t *testing.T) {
	if got := Path(values.Chart{Name: "falco", Version: "9.1.0"}); got != ".charts/falco-9.1.0.tgz" {
		t.Errorf("%s: a path of every machine, which Helm takes for a file", got)
	}
	ignored, err := os.ReadFile("../.gitignore")
	if err != nil || !bytes.Contains(ignored, []byte("/"+Dir+"/\n")) {
		t.Errorf(".gitignore has no /%s/: %v", Dir, err)
	}
}
