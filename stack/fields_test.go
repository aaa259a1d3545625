package stack

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// What kubectl changed in an object of the stack is taken back: every object has the provider that overrides the field
// manager of others.
func TestChangesByHandAreTakenBack(t *testing.T) {
	for _, stack := range []string{"dev", "staging", "prod"} {
		t.Run(stack, func(t *testing.T) {
			m := &mocks{}
			if err := deploy(t, m, stack, environment(t, stack)); err != nil {
				t.Fatal(err)
			}
			objects := 0
			for key, provider := range m.providers {
				if !strings.HasPrefix(key, "kubernetes:") {
					continue
				}
				objects++
				urn := resource.URN(provider[:max(0, strings.LastIndex(provider, "::"))])
				force := m.resources["pulumi:providers:kubernetes::"+urn.Name()]["enablePatchForce"]
				if !force.IsBool() || !force.BoolValue() {
					t.Errorf("%s: its provider %q has enablePatchForce %v, want true", key, provider, force)
				}
			}
			if objects == 0 {
				t.Error("the stack has no Kubernetes objects")
			}
		})
	}
}
