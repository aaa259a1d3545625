// Package controlplanetest starts control planes for tests. The TestMain of such a package calls Main.
package controlplanetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"doks-security/test/controlplane"
)

// Main runs the tests, or the control plane: the test binary is also that child process.
func Main(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == controlplane.ChildCommand {
		os.Exit(controlplane.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// Start is a control plane without nodes, which the end of the test stops.
func Start(t *testing.T) *controlplane.ControlPlane {
	t.Helper()
	dir, err := os.MkdirTemp("", "c")
	if err != nil {
		t.Fatal(err)
	}
	plane, err := controlplane.Start(t.Context(), controlplane.Options{Dir: filepath.Join(dir, "c")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(plane.Stop(context.Background()), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	return plane
}
