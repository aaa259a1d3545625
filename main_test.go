package main

import (
	"os/exec"
	"strings"
	"testing"
)

// pulumi up builds the program at every run. Of the Kubernetes SDK these packages alone triple the time; of Helm and
// Kubernetes the program has what renders a chart without a cluster, and no clients or servers.
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
		for _, heavy := range []string{
			sdk + "helm/", sdk + "yaml", "k8s.io/kubernetes/", "k8s.io/apiserver/", "k8s.io/kubectl/", "k8s.io/cli-runtime/",
			"k8s.io/client-go/kubernetes/typed", "helm.sh/helm/v3/pkg/action", "helm.sh/helm/v3/pkg/kube",
			"helm.sh/helm/v3/pkg/cli",
		} {
			if strings.HasPrefix(dep, heavy) {
				t.Errorf("the program imports %s", dep)
			}
		}
	}
}
