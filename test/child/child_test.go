package child

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReady(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		script string
		within time.Duration
		want   string
	}{
		"it is ready":       {t.Context(), `: >"$1"; cat`, time.Minute, ""},
		"it ends by itself": {t.Context(), `exit 1`, time.Minute, "it ended by itself"},
		"it takes too long": {t.Context(), `cat`, 200 * time.Millisecond, "not ready after 200ms"},
		"no one waits":      {gone, `cat`, time.Minute, "canceled"},
	} {
		dir := t.TempDir()
		ready := filepath.Join(dir, "ready")
		p, err := Start(exec.Command("sh", "-c", c.script, "sh", ready), filepath.Join(dir, "log"))
		if err != nil {
			t.Fatal(err)
		}
		err = p.Ready(c.ctx, ready, c.within)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: err = %v, want it to contain %q", name, err, c.want)
		}
		p.Stop(t.Context(), 10*time.Second)
	}
}

// A child that goes on without its standard input is killed.
func TestStop(t *testing.T) {
	p, err := Start(exec.Command("sleep", "60"), filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	p.Stop(t.Context(), 100*time.Millisecond)
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if err := p.Ready(t.Context(), filepath.Join(t.TempDir(), "ready"), time.Minute); err == nil {
		t.Error("it is still there")
	}
}
