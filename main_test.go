package main

import (
	"os/exec"
	"strings"
	"testing"
)

// pulumi up builds the program at every run. The Kubernetes SDK's packages of types multiply the time and the memory of
// the first; of Helm and Kubernetes the program has what renders a chart without a cluster, and no clients or servers.
func TestHeavyPackagesStayOut(t *testing.T) {
	deps, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const sdk = "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/"
	if !strings.Contains(string(deps), sdk) {
		t.Fatalf("the list of dependencies is not what it was: nothing of %s", sdk)
	}
	for _, dep := range strings.Fields(string(deps)) {
		for _, heavy := range []string{
			sdk + "core/", sdk + "meta/", sdk + "helm/", sdk + "yaml",
			"k8s.io/kubernetes/", "k8s.io/apiserver/", "k8s.io/kubectl/", "k8s.io/cli-runtime/",
			"k8s.io/client-go/kubernetes/typed",
			"helm.sh/helm/v3/pkg/action", "helm.sh/helm/v3/pkg/kube", "helm.sh/helm/v3/pkg/cli",
		} {
			if strings.HasPrefix(dep, heavy) {
				t.Errorf("the program imports %s", dep)
			}
		}
	}
}
