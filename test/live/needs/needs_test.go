package needs

import (
	"runtime"
	"strings"
	"testing"
)

// Everything that is missing is reported at once, with how to fix it.
func TestCheck(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("another system is the only thing that is reported")
	}
	t.Setenv("PATH", t.TempDir())
	long := "/" + strings.Repeat("x", longest)
	for dir, want := range map[string]string{
		"/proc": "TMPDIR=/proc has 0.0 GiB free; allowed: 3 GiB and more; fix:", // nothing is free there
		long:    "TMPDIR=" + long + " has 61 characters; allowed: 60, it holds sockets; fix: TMPDIR=/tmp",
	} {
		t.Setenv("TMPDIR", dir)
		err := Check()
		if err == nil {
			t.Fatal("nothing is missing")
		}
		for _, want := range []string{"containerd is not on PATH; fix: apt-get install containerd", "install runc",
			"install iproute2", "install nftables", want} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("no %q in\n%v", want, err)
			}
		}
	}
}
