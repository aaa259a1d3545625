package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doks-security/charts"
	"doks-security/values"
)

// Every chart that cannot be had is named, once, and nothing is entered.
func TestNothingCanBeFetched(t *testing.T) {
	t.Setenv("CHARTS_UNVERIFIED", "")
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	project := t.TempDir()
	file := filepath.Join(project, pins["vcluster"].File)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("sha256: \"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = run(ctx, filepath.Join(t.TempDir(), charts.Dir), project)
	var wrong charts.Errors
	if !errors.As(err, &wrong) || len(wrong) != len(pins) {
		t.Errorf("%d errors, want one for each of %d charts: %v", len(wrong), len(pins), err)
	}
	for _, pin := range pins {
		if !strings.Contains(err.Error(), "  "+pin.Name+" "+pin.Version+": ") {
			t.Errorf("err does not name %s %s", pin.Name, pin.Version)
		}
	}
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), `sha256: ""`) {
		t.Errorf("%s, %v", text, err)
	}
}
