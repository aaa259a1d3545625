package incluster

import (
	"strings"
	"testing"

	"doks-security/stack/field"
)

func TestStorageClass(t *testing.T) {
	named := func(names ...string) (all []Object) {
		for _, name := range names {
			o := Object{}
			o.Metadata.Name = name
			all = append(all, o)
		}
		return all
	}
	claim := func(name, class string) Claim {
		c := Claim{}
		c.Metadata.Name, c.Metadata.Namespace, c.Spec.Class = name, "loki", class
		return c
	}
	volumes := []Volume{{Namespace: "loki", Claim: "storage", StatefulSet: "loki"}}
	for _, c := range []struct {
		name    string
		cluster Cluster
		says    string // empty: accepted
	}{
		{"no cluster yet", Cluster{}, ""},
		{"there", Cluster{Classes: named("default", "fast")}, ""},
		{"missing", Cluster{Classes: named("slow", "default")}, `cluster.storageClass: "fast"` +
			"\n      allowed: a StorageClass of the cluster: default, slow"},
		{"the volumes have it", Cluster{Classes: named("fast"), Claims: []Claim{claim("storage-loki-0", "fast")}}, ""},
		{"the volumes have another", Cluster{Classes: named("fast", "slow"),
			Claims: []Claim{claim("storage-loki-0", "fast"), claim("storage-loki-1", "slow")}}, "slow: the volume of " +
			"loki/storage-loki-1 has this class"},
		{"volumes of others", Cluster{Classes: named("fast"), Claims: []Claim{claim("other", "slow")}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var errs field.Errors
			StorageClass(&c.cluster, "fast", volumes, &errs)
			err := errs.Err()
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("err = %v, want it to contain %q", err, c.says)
			}
		})
	}
}
