package rehearse

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doks-security/test/live/needs"
)

// As make rehearse LIVE=1 does it.
func TestRehearseLive(t *testing.T) {
	if err := needs.Check(); err != nil {
		t.Skip("this machine cannot run pods: ", err)
	}
	out := &output{}
	o := options(t, "dev", out)
	for _, file := range []string{"kubelet", "kube-proxy", "standin", "certgen"} {
		if _, err := os.Stat(filepath.Join(o.Root, "bin", "live", file)); err != nil {
			t.Skip("make rehearse LIVE=1 builds it: ", err)
		}
	}
	o.Live = true
	must(t, out, Run(within(t), o))
	for _, want := range []string{" containers run their program and ", "none restarts", "nothing left on this machine"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// One node cannot run replicas that are on different nodes.
func TestLiveRefusesReplicas(t *testing.T) {
	out := &output{}
	o := options(t, "staging", out)
	o.Live = true
	err := Run(within(t), o)
	if err == nil || !strings.Contains(err.Error(), "profile: prod") || !strings.Contains(err.Error(), "fix: ") {
		t.Errorf("error %v, want one about the profile", err)
	}
}
