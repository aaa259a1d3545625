package stack

import (
	"strings"
	"testing"

	"doks-security/values"
)

// Captures have a volume, a limit that several files fit, and a container with Falco's image. Without rules there are
// none.
func TestDeployCapture(t *testing.T) {
	for settings, want := range map[string]int{
		`{"capture":{"rules":["Terminal shell in container"],"seconds":20}}`: 100, `{}`: 0,
		`{"capture":{"rules":["Terminal shell in container"],"keepMiB":30}}`: 6,
	} {
		m := &mocks{}
		err := deploy(t, m, "dev", map[string]string{"cluster": onePool, "runtimeSecurity": settings})
		if err != nil {
			t.Fatal(err)
		}
		given := m.values("falco")
		if want == 0 {
			if given["extra"].HasValue() || given["mounts"].HasValue() || given["falco"].ObjectValue()["capture"].HasValue() {
				t.Errorf("%s: %v", settings, given)
			}
			continue
		}
		captures := given["falco"].ObjectValue()["capture"].ObjectValue()
		if got := captures["max_file_size_mb"].NumberValue(); int(got) != want {
			t.Errorf("%s: files of %v MiB, want %d", settings, got, want)
		}
		pins, err := values.Charts()
		if err != nil {
			t.Fatal(err)
		}
		container := given["extra"].ObjectValue()["initContainers"].ArrayValue()[0].ObjectValue()
		if got := container["image"].StringValue(); !strings.HasSuffix(got, "/falco:"+pins["falco"].AppVersion) {
			t.Errorf("its image is %s", got)
		}
	}
}
