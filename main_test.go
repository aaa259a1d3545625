package main

import (
	"os/exec"
	"strings"
	"testing"
)

// These packages of the SDK triple the time to build the program, and pulumi up builds it at every run.
func TestHeavyPackagesStayOut(t *testing.T) {
	deps, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const sdk = "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/"
	if !strings.Contains(string(deps), sdk+"core/v1") {
		t.Fatalf("the list of dependencies is not what it was: no %score/v1", sdk)
	}
	for _, dep := range strings.Fields(string(deps)) {
		for _, heavy := range []string{"helm/", "yaml", "k8s.io/", "helm.sh/"} {
			if strings.HasPrefix(dep, sdk+heavy) || strings.HasPrefix(dep, heavy) {
				t.Errorf("the program imports %s", dep)
			}
		}
	}
}
