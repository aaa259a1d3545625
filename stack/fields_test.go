package stack

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Every Kubernetes object has the provider that takes back what kubectl changed, and that updates a ConfigMap in place.
func TestProviderUpdatesInPlace(t *testing.T) {
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
				for _, option := range []resource.PropertyKey{"enablePatchForce", "enableConfigMapMutable"} {
					value := m.resources["pulumi:providers:kubernetes::"+urn.Name()][option]
					if !value.IsBool() || !value.BoolValue() {
						t.Errorf("%s: its provider %q has %s %v, want true", key, provider, option, value)
					}
				}
			}
			if objects == 0 {
				t.Error("the stack has no Kubernetes objects")
			}
		})
	}
}
