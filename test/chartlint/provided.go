package chartlint

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"

	"k8s.io/apimachinery/pkg/util/yaml"

	"doks-security/charts/pods"
	"doks-security/test/crds"
)

// What no chart renders and yet exists: Kubernetes' and DOKS' own objects, and what hooks and operators make.
//
//go:embed provided.yaml
var providedYAML []byte

// Complete adds to objects what Kubernetes, DOKS, hooks and operators create in addition.
func Complete(objects []*Object) ([]*Object, error) {
	added, err := provided(objects)
	if err != nil {
		return nil, err
	}
	return append(slices.Clone(objects), added...), nil
}

// provided are the objects that come to those rendered.
func provided(rendered []*Object) ([]*Object, error) {
	all, err := Decode(providedYAML)
	if err != nil {
		return nil, fmt.Errorf("reading provided.yaml: %w", err)
	}
	definitions, err := crds.CRDs()
	if err != nil {
		return nil, err
	}
	all = append(all, definitions...)
	for _, o := range rendered {
		switch {
		case o.GetKind() == "Namespace":
			account := &Object{Object: map[string]any{"apiVersion": "v1", "kind": "ServiceAccount"}}
			account.SetName("default")
			account.SetNamespace(o.GetName())
			certificate := &Object{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
				"data": map[string]any{"ca.crt": ""}}}
			certificate.SetName("kube-root-ca.crt")
			certificate.SetNamespace(o.GetName())
			all = append(all, account, certificate)
		case o.GetKind() == "Deployment" && o.GetName() == "kube-prometheus-stack-operator":
			// A hook of kube-prometheus-stack creates the certificate of the admission webhook.
			secret := &Object{Object: map[string]any{
				"apiVersion": "v1", "kind": "Secret", "stringData": map[string]any{"ca": "", "cert": "", "key": ""},
			}}
			secret.SetName("kube-prometheus-stack-admission")
			secret.SetNamespace(o.GetNamespace())
			all = append(all, secret)
		}
	}
	operated, err := pods.Operated(rendered)
	return append(all, operated...), err
}

// Decode reads a file of YAML documents.
func Decode(text []byte) ([]*Object, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	var objects []*Object
	for {
		o := &Object{}
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if len(o.Object) > 0 {
			objects = append(objects, o)
		}
	}
}
