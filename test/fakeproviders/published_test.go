package fakeproviders

import (
	"os"
	"strings"
	"testing"
)

func TestPublishedVersionsAreThoseOfTheSDKs(t *testing.T) {
	modules, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for name, version := range Published {
		if want := "github.com/pulumi/pulumi-" + name + "/sdk/v4 v" + version; !strings.Contains(string(modules), want) {
			t.Errorf("go.mod does not require %q", want)
		}
	}
}
