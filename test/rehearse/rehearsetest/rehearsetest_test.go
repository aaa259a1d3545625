package rehearsetest

import (
	"fmt"
	"testing"
)

// Each test is in one of the shards, and each shard has some.
func TestShards(t *testing.T) {
	const of = 4
	sizes := map[int]int{}
	for test := range 40 {
		for shard := range of {
			has, err := contains(fmt.Sprintf("%d/%d", shard+1, of), fmt.Sprintf("Test%d", test))
			if err != nil {
				t.Fatal(err)
			}
			if has {
				sizes[shard]++
			}
		}
	}
	sum := 0
	for _, size := range sizes {
		sum += size
	}
	if sum != 40 || len(sizes) != of {
		t.Errorf("%v of 40 tests are in %d shards", sizes, of)
	}
	for _, wrong := range []string{"0/4", "5/4", "2", "x/4", "-1/4"} {
		if _, err := contains(wrong, "Test"); err == nil {
			t.Errorf("the shard %q is allowed", wrong)
		}
	}
}
