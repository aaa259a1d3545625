package fakecharts

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"doks-security/charts"
	"doks-security/values"
)

// A file that was changed is an error, and no reason for stand-ins.
func TestFindRefusesAChangedArchive(t *testing.T) {
	t.Setenv("CHARTS_DIR", "")
	t.Setenv("CHARTS_UNVERIFIED", "")
	root := t.TempDir()
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, charts.Dir)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(charts.Archive(dir, pins["falco"]), []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nothing is fetched
	if _, unreachable, err := Find(ctx, root); !errors.Is(err, ErrDigest) {
		t.Errorf("unreachable %v, err = %v, want an error about the digest", unreachable, err)
	}
}

func TestDir(t *testing.T) {
	t.Setenv("CHARTS_DIR", "")
	root := t.TempDir()
	if dir, err := Dir(root); err != nil || dir != filepath.Join(root, ".charts") {
		t.Errorf("%q, %v, want the project's own", dir, err)
	}
	t.Setenv("CHARTS_DIR", "charts")
	if dir, err := Dir(root); err != nil || !filepath.IsAbs(dir) || filepath.Base(dir) != "charts" {
		t.Errorf("%q, %v, want the absolute path of CHARTS_DIR", dir, err)
	}
}
