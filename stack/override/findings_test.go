package override

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/pod-security-admission/api"
)

func TestFindings(t *testing.T) {
	const pod = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: n}, spec: {template: {spec: "
	const restricted = "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, " +
		"allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}"
	levels := map[string]api.LevelVersion{
		"n": {Level: api.LevelRestricted, Version: api.LatestVersion()},
		"p": {Level: api.LevelPrivileged, Version: api.LatestVersion()},
	}
	for _, c := range []struct{ name, object, want string }{
		{"a restricted pod", pod + "{containers: [{name: a, image: a, " + restricted + "}]}}}}", ""},
		{"a pod that the namespace refuses", pod + "{containers: [{name: a, image: a}]}}}}", "allowPrivilegeEscalation"},
		{"a file of the node", strings.Replace(pod, "namespace: n", "namespace: p", 1) +
			"{containers: [{name: a, image: a}], volumes: [{name: a, hostPath: {path: /etc}}]}}}}", "with hostPath /etc"},
		{"the node's network", strings.Replace(pod, "namespace: n", "namespace: p", 1) +
			"{hostNetwork: true, containers: [{name: a, image: a}]}}}}", "with hostNetwork"},
		{"another namespace", strings.Replace(pod, "namespace: n", "namespace: kube-system", 1) +
			"{containers: [{name: a, image: a}]}}}}", "Deployment kube-system/a"},
		{"an unknown field", pod + "{containers: [{name: a, image: a, imagePullPolcy: Always, " + restricted + "}]}}}}",
			"imagePullPolcy"},
		{"a Secret", "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: n}}", "Secret n/a"},
		{"a Service", "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: n}, spec: {type: ClusterIP}}", ""},
		{"a port of the node", "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: n}, spec: {type: NodePort}}",
			"of type NodePort"},
		{"an Ingress", "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, namespace: n}}", "Ingress n/a"},
		{"a policy", "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a, namespace: n}}",
			"NetworkPolicy n/a"},
		{"a role that reads Secrets", "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}, " +
			"rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]}", "which reads every Secret"},
		{"cluster-admin", "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: a}, " +
			"roleRef: {kind: ClusterRole, name: cluster-admin}}", "to the role cluster-admin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(c.object), &o.Object); err != nil {
				t.Fatal(err)
			}
			found, err := findings([]*unstructured.Unstructured{o}, levels)
			if err != nil {
				t.Fatal(err)
			}
			contains := func(f finding) bool { return strings.Contains(f.what, c.want) && f.allowed != "" }
			if c.want == "" && len(found) > 0 || c.want != "" && !slices.ContainsFunc(found, contains) {
				t.Errorf("found %v, want %q", found, c.want)
			}
			if left := added(found, slices.Clone(found)); len(left) > 0 {
				t.Errorf("added %v to the same objects", left)
			}
		})
	}
}
