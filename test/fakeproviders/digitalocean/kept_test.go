package digitalocean

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"doks-security/components"
)

// The inputs whose changes the program ignores are those for which the published provider replaces a resource.
func TestKeptInputsAreThoseThatReplace(t *testing.T) {
	for _, c := range []struct {
		resource string
		kept     []string
		besides  []string // kept for another reason
	}{
		{"vpc", components.KeptVPCInputs, nil},
		{"cluster", components.KeptClusterInputs, nil},
		{"nodepool", components.KeptPoolInputs, nil},
		// The provider changes the name in the state only: Loki would look for a bucket that does not exist.
		{"bucket", components.KeptBucketInputs, []string{"name"}},
	} {
		t.Run(c.resource, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + c.resource + ".answers.yaml")
			if err != nil {
				t.Fatal(err)
			}
			var cases []struct {
				Answers []struct {
					Answer struct {
						Details map[string]string `json:"details"`
					} `json:"answer"`
				} `json:"answers"`
			}
			if err := yaml.Unmarshal(text, &cases); err != nil {
				t.Fatal(err)
			}
			var replace []string
			for _, recorded := range cases {
				for _, a := range recorded.Answers {
					for key, kind := range a.Answer.Details {
						// __meta is how the provider says that a version goes down; the program never lowers it.
						if strings.HasSuffix(kind, "-replace") && key != "__meta" {
							replace = append(replace, key)
						}
					}
				}
			}
			slices.Sort(replace)
			want := slices.Sorted(slices.Values(append(slices.Compact(replace), c.besides...)))
			if got := slices.Sorted(slices.Values(c.kept)); !slices.Equal(got, want) {
				t.Errorf("kept %q, want %q", got, want)
			}
		})
	}
}
