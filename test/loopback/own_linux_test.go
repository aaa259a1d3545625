package loopback

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestListenRefusesOtherUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can connect as another user")
	}
	port := serve(t)
	for _, c := range []struct {
		uid  uint32
		want string
	}{{0, "hello"}, {65534, ""}} {
		dial := exec.Command("bash", "-c", fmt.Sprintf("exec 3<>/dev/tcp/127.0.0.1/%d; cat <&3", port))
		dial.Dir = "/"
		dial.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.uid, Gid: c.uid}}
		out, err := dial.Output()
		if got := strings.TrimSpace(string(out)); got != c.want {
			t.Errorf("user %d read %q, want %q (%v)", c.uid, got, c.want, err)
		}
	}
}
