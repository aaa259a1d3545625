package account

import (
	"net/netip"
	"testing"
)

func TestFree(t *testing.T) {
	ranges := func(cidrs ...string) (list []Range) {
		for _, c := range cidrs {
			list = append(list, Range{Prefix: netip.MustParsePrefix(c)})
		}
		return list
	}
	for _, c := range []struct {
		name  string
		taken []Range
		want  string // of the pods; empty: none is free
	}{
		{"nothing taken", nil, "10.160.0.0/16"},
		{"others elsewhere", ranges("10.110.0.0/20", "172.16.0.0/16"), "10.160.0.0/16"},
		{"in the second half of the first", ranges("10.161.200.0/24"), "10.162.0.0/16"},
		{"a gap", ranges("10.160.0.0/20", "10.164.0.0/20"), "10.162.0.0/16"},
		{"all of it", ranges("10.128.0.0/9"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Free(c.taken)
			if got.Pods != c.want || (err == nil) == (c.want == "") {
				t.Errorf("%+v, %v; want %q", got, err, c.want)
			}
		})
	}
}
