package contract

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doks-security/values"
)

func TestPullVersion(t *testing.T) {
	content := []byte("an archive")
	entry := func(version, sum string) string {
		return fmt.Sprintf("  - {name: shop, version: %s, appVersion: \"1\", digest: %s, urls: [shop.tgz]}\n", version, sum)
	}
	index := "apiVersion: v1\nentries:\n  shop:\n" + entry("1.9.0", digest(content)) + entry("1.10.0", digest(content)) +
		entry("2.0.0-rc.1", digest(content)) + entry("1.8.0", strings.Repeat("0", 64))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/index.yaml":
			_, _ = w.Write([]byte(index))
		case "/shop.tgz":
			_, _ = w.Write(content)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	for _, c := range []struct{ name, chart, version, want, message string }{
		{"the newest, no release candidate", "shop", "", "1.10.0", ""},
		{"the one asked for", "shop", "1.9.0", "1.9.0", ""},
		{"one that is not published", "shop", "3.0.0", "", "shop 3.0.0"},
		{"a chart that is not published", "stall", "", "", "stall"},
		{"an archive that was replaced", "shop", "1.8.0", "", "somebody replaced it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			got, err := PullVersion(context.Background(), dir, values.Chart{Name: c.chart, Version: "1.0.0", Repository: server.URL}, c.version)
			if c.message != "" {
				if err == nil || !strings.Contains(err.Error(), c.message) {
					t.Errorf("error %v, want one about %q", err, c.message)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(Archive(dir, got)); err != nil || got.Version != c.want {
				t.Errorf("version %s, want %s; %v", got.Version, c.want, err)
			}
		})
	}
}

func TestDirOfAUserWithoutAHome(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "CHARTS_DIR"} {
		t.Setenv(name, "")
	}
	if dir, err := Dir(); err == nil || !strings.Contains(err.Error(), "set CHARTS_DIR") {
		t.Errorf("%q, %v, want an error that names CHARTS_DIR", dir, err)
	}
	t.Setenv("CHARTS_DIR", "charts")
	if dir, err := Dir(); err != nil || !filepath.IsAbs(dir) {
		t.Errorf("%q, %v, want the absolute path of CHARTS_DIR", dir, err)
	}
}
