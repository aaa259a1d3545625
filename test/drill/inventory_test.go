package drill

import (
	"slices"
	"testing"
)

// What is lost, duplicated, new or another one under the old name is found.
func TestDifferences(t *testing.T) {
	before := inventory{"cluster main": {"1"}, "vpc main": {"2"}, "claim a/b": {"3"}}
	for _, c := range []struct {
		name     string
		after    inventory
		replaced []string
		want     []string
	}{
		{"the same", inventory{"cluster main": {"1"}, "vpc main": {"2"}, "claim a/b": {"3"}}, nil, nil},
		{"lost", inventory{"cluster main": {"1"}, "vpc main": {"2"}}, nil, []string{"claim a/b is lost"}},
		{"duplicated", inventory{"cluster main": {"1", "4"}, "vpc main": {"2"}, "claim a/b": {"3"}}, nil,
			[]string{"2 of cluster main, not 1"}},
		{"new", inventory{"cluster main": {"1"}, "vpc main": {"2"}, "vpc other": {"5"}, "claim a/b": {"3"}}, nil,
			[]string{"vpc other is new"}},
		{"another", inventory{"cluster main": {"1"}, "vpc main": {"2"}, "claim a/b": {"6"}}, nil,
			[]string{"claim a/b is another: [6], not [3]"}},
		{"replaced by the drill", inventory{"cluster main": {"1"}, "vpc main": {"2"}, "claim a/b": {"6"}},
			[]string{"claim a/"}, nil},
		{"lost by the drill", inventory{"cluster main": {"1"}, "vpc main": {"2"}}, []string{"claim a/"},
			[]string{"claim a/b is lost"}},
	} {
		if got := before.differences(c.after, c.replaced); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestStateOf(t *testing.T) {
	resources, pending,
		err := stateOf(`{"deployment":{"resources":[{"urn":"a"}],"pending_operations":[{"type":"creating",` +
		`"resource":{"urn":"b"}}]}}`)
	if err != nil || !slices.Equal(resources, []string{"a"}) || !slices.Equal(pending, []string{"creating b"}) {
		t.Errorf("resources %q, pending %q, error %v", resources, pending, err)
	}
	if _, _, err := stateOf("nothing"); err == nil {
		t.Error("no state was read")
	}
}
