package values

import "testing"

func TestRenderedOf(t *testing.T) {
	for _, c := range []struct {
		name, folder, profile string
		options               []Option
		replicas              int // of the first claim
	}{
		{"without options", "loki", "prod", nil, 1},
		{"an option", "loki", "prod", []Option{WithSpaces}, 3},
		{"options together", "loki", "prod", []Option{WithSpaces, WithSpacesFrom}, 1},
		{"options that make no difference", "loki", "prod", []Option{WithDemo, WithSpaces, WithGateway}, 3},
		{"a profile", "kube-prometheus-stack", "prod", nil, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := RenderedOf([]string{c.folder}, c.profile, c.options...)
			if err != nil || len(got) != 1 || got[0].Claims[0].Replicas != c.replicas {
				t.Errorf("got %+v, %v; want one with %d replicas", got, err, c.replicas)
			}
		})
	}
	for name, options := range map[string][]Option{"an option that adds a container": {WithCapture},
		"together with a part left out": {WithCapture, WithoutUI}} {
		t.Run(name, func(t *testing.T) {
			before, err := RenderedOf([]string{"falco"}, "dev", options[1:]...)
			if err != nil || len(before) != 1 {
				t.Fatal(before, err)
			}
			got, err := RenderedOf([]string{"falco"}, "dev", options...)
			if err != nil || len(got) != 1 || got[0].PerNode.MiB <= before[0].PerNode.MiB {
				t.Errorf("got %+v, %v; want more than %+v", got, err, before[0].PerNode)
			}
		})
	}
	for _, folder := range []string{"prometheus-operator-crds", "no release"} {
		if got, err := RenderedOf([]string{folder}, "dev"); err != nil || len(got) != 0 {
			t.Errorf("%s: got %+v, %v; want nothing", folder, got, err)
		}
	}
}
