package identity

import (
	"fmt"
	"os"
	"testing"
)

// binaries is where oauth2-proxy is built.
var binaries string

func TestMain(m *testing.M) {
	var err error
	if binaries, err = os.MkdirTemp("", "identity-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(binaries) // of the system's temporary files
	os.Exit(code)
}
