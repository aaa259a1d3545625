package preflight

import (
	"strings"
	"testing"
)

func TestHighAvailability(t *testing.T) {
	for _, c := range []struct {
		name                   string
		running, wanted, given bool
		says                   []string // of the error
	}{
		{"off, and stays off", false, false, false, nil},
		{"on, and stays on", true, true, false, nil},
		{"switched on by the stack file", false, true, true, nil},
		{"switched on by a profile", false, true, false, []string{"cluster.ha: not set", "40 USD", "'cluster.ha' false"}},
		{"switched off", true, false, true, []string{"cluster.ha: false", "'cluster.ha' true"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			i, w := inventory(), wanted()
			i.Clusters[0].HA, w.HA, w.HAGiven = c.running, c.wanted, c.given
			_, err := Cluster(i, w, noUpgrades)
			if len(c.says) == 0 && err != nil {
				t.Error(err)
			}
			for _, want := range c.says {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("err = %v, want it to contain %q", err, want)
				}
			}
		})
	}
}
