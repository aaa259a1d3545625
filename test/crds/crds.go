// Package crds holds the custom resources that a new DOKS cluster has, Cilium's policies and the Gateway API, and those
// of prometheus-operator.
package crds

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"doks-security/preflight/incluster"
	"doks-security/values"
)

// modules define them; nothing else of these modules is used. DOKS installs the Gateway API on VPC-native clusters from
// Kubernetes 1.33 on, and Cilium on all (docs.digitalocean.com, Kubernetes).
var modules = []struct {
	path, version, sum string
	files              []string
}{
	{"github.com/cilium/cilium", "v1.18.0", "h1:KdWgc6Jl5NmWpJGCRm69TogMgeZNFaCAxtPgBHtv33A=", []string{
		"pkg/k8s/apis/cilium.io/client/crds/v2/ciliumclusterwidenetworkpolicies.yaml",
		"pkg/k8s/apis/cilium.io/client/crds/v2/ciliumnetworkpolicies.yaml",
	}},
	{"sigs.k8s.io/gateway-api", "v1.4.1", "h1:NPxFutNkKNa8UfLd2CMlEuhIPMQgDQ6DXNKG9sHbJU8=", []string{
		"config/crd/standard/gateway.networking.k8s.io_gatewayclasses.yaml",
		"config/crd/standard/gateway.networking.k8s.io_gateways.yaml",
		"config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
	}},
}

// CRDs are their CustomResourceDefinitions. The go command fetches the modules at the first time.
var CRDs = sync.OnceValues(func() ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for _, m := range modules {
		dir, err := download(m.path+"@"+m.version, m.sum)
		if err != nil {
			return nil, err
		}
		for _, file := range m.files {
			crd, err := read(filepath.Join(dir, filepath.FromSlash(file)))
			if err != nil {
				return nil, err
			}
			all = append(all, crd)
		}
	}
	return all, nil
})

// Operator are prometheus-operator's CustomResourceDefinitions, in the version that the stack installs: those of its
// chart, which is only there with internet.
var Operator = sync.OnceValues(func() ([]*unstructured.Unstructured, error) {
	releases, err := values.Releases()
	if err != nil {
		return nil, err
	}
	version := releases[incluster.OperatorCRDs].AppVersion
	dir, err := download("github.com/prometheus-operator/prometheus-operator@"+version, "")
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "example", "prometheus-operator-crd", "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("prometheus-operator %s has no example/prometheus-operator-crd: %w", version, err)
	}
	var all []*unstructured.Unstructured
	for _, file := range files {
		crd, err := read(file)
		if err != nil {
			return nil, err
		}
		all = append(all, crd)
	}
	return all, nil
})

func read(file string) (*unstructured.Unstructured, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	crd := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &crd.Object); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return crd, nil
}

// download returns where Go keeps a module whose sum is the known one; without one, Go's checksum database knows it.
func download(module, sum string) (string, error) {
	command := exec.Command("go", "mod", "download", "-json", module)
	command.Dir = string(filepath.Separator) // outside of any module, also of one that another user put into /tmp
	command.Env = append(os.Environ(), "GOWORK=off", "GO111MODULE=on")
	var output, messages bytes.Buffer
	command.Stdout, command.Stderr = &output, &messages
	err := command.Run()
	var answer struct{ Dir, Sum, Error string }
	if decodeErr := json.Unmarshal(output.Bytes(), &answer); decodeErr == nil && answer.Error != "" {
		return "", fmt.Errorf("downloading %s: %s", module, answer.Error)
	}
	if err != nil {
		return "", fmt.Errorf("downloading %s: %w: %s", module, err, strings.TrimSpace(messages.String()))
	}
	if sum != "" && answer.Sum != sum {
		return "", fmt.Errorf("%s has the sum %s, not %s", module, answer.Sum, sum)
	}
	return answer.Dir, nil
}
