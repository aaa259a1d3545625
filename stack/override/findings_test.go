package override

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/pod-security-admission/api"
)

// testLevels are those of a release with the namespaces n and p.
var testLevels = map[string]api.LevelVersion{
	"n": {Level: api.LevelRestricted, Version: api.LatestVersion()},
	"p": {Level: api.LevelPrivileged, Version: api.LatestVersion()},
}

// object reads one in YAML.
func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return o
}

// foundIn are the findings of objects, as text.
func foundIn(t *testing.T, objects ...*unstructured.Unstructured) []string {
	t.Helper()
	found, err := findings(objects, testLevels)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range found {
		if f.allowed == "" {
			t.Errorf("%s: nothing says what is allowed", f.what)
		}
		all = append(all, f.what)
	}
	if left := added(found, slices.Clone(found)); len(left) > 0 {
		t.Errorf("added %v to the same objects", left)
	}
	return all
}

func TestFindingsOfPods(t *testing.T) {
	const restricted = "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, " +
		"allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}"
	const sound = "{containers: [{name: a, image: a, " + restricted + "}]}"
	for _, c := range []struct{ name, namespace, pod, want string }{
		{"a restricted pod", "n", sound, ""},
		{"a pod that the namespace refuses", "n", "{containers: [{name: a, image: a}]}", "allowPrivilegeEscalation"},
		{"the same where it is admitted", "p", "{containers: [{name: a, image: a}]}", ""},
		{"a file of the node", "p", "{containers: [{name: a, image: a}], volumes: [{name: a, hostPath: {path: /etc}}]}",
			"with hostPath /etc"},
		{"a volume without the node", "p", "{containers: [{name: a, image: a}], volumes: [{name: a, emptyDir: {}}]}", ""},
		{"the node's network", "p", "{hostNetwork: true, containers: [{name: a, image: a}]}", "with hostNetwork"},
		{"another namespace", "kube-system", sound, "Deployment kube-system/a"},
		{"an unknown field", "n", strings.Replace(sound, "image: a", "image: a, imagePullPolcy: Always", 1),
			"imagePullPolcy"},
		{"an image with a registry", "n", strings.Replace(sound, "image: a", "image: 'localhost:5000/a/b:1@sha256:c'", 1),
			""},
		{"an image that closes a quote", "n", strings.Replace(sound, "image: a", `image: 'a") or (evt.num > 0'`, 1),
			`with the image "a\") or (evt.num > 0"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := foundIn(t, object(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: "+
				c.namespace+"}, spec: {template: {spec: "+c.pod+"}}}"))
			if c.want == "" && len(found) > 0 || c.want != "" && (len(found) != 1 || !strings.Contains(found[0], c.want)) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

// Each kind is refused, and one that is like it is not.
func TestFindingsOfKinds(t *testing.T) {
	const inNamespace, clusterWide = "metadata: {name: a, namespace: n}", "metadata: {name: a}"
	for _, c := range []struct{ refused, clean, metadata, want string }{
		{"apiVersion: v1, kind: Secret", "apiVersion: v1, kind: ConfigMap", inNamespace, "Secret n/a"},
		{"apiVersion: v1, kind: Service, spec: {type: NodePort}", "apiVersion: v1, kind: Service, spec: {type: ClusterIP}",
			inNamespace, "Service n/a of type NodePort"},
		{"apiVersion: v1, kind: Service, spec: {type: LoadBalancer}", "apiVersion: v1, kind: Service", inNamespace,
			"Service n/a of type LoadBalancer"},
		{"apiVersion: v1, kind: Service, spec: {externalIPs: [192.0.2.1]}", "apiVersion: v1, kind: Service, " +
			"spec: {externalIPs: []}", inNamespace, "Service n/a with externalIPs"},
		{"apiVersion: networking.k8s.io/v1, kind: Ingress", "apiVersion: networking.k8s.io/v1, kind: IngressClass",
			inNamespace, "Ingress n/a"},
		{"apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute",
			"apiVersion: gateway.networking.k8s.io/v1, kind: ReferenceGrant", inNamespace, "HTTPRoute n/a"},
		{"apiVersion: networking.k8s.io/v1, kind: NetworkPolicy",
			"apiVersion: policy/v1, kind: PodDisruptionBudget", inNamespace, "NetworkPolicy n/a"},
		{"apiVersion: cilium.io/v2, kind: CiliumLocalRedirectPolicy",
			"apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor", inNamespace, "CiliumLocalRedirectPolicy n/a"},
		{"apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration",
			"apiVersion: scheduling.k8s.io/v1, kind: PriorityClass", clusterWide, "MutatingWebhookConfiguration /a"},
		{"apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration",
			"apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition", clusterWide,
			"ValidatingWebhookConfiguration /a"},
		{"apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy",
			"apiVersion: storage.k8s.io/v1, kind: StorageClass", clusterWide, "ValidatingAdmissionPolicy /a"},
		{"apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding",
			"apiVersion: node.k8s.io/v1, kind: RuntimeClass", clusterWide, "ValidatingAdmissionPolicyBinding /a"},
		{"apiVersion: apiregistration.k8s.io/v1, kind: APIService",
			"apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: FlowSchema", clusterWide, "APIService /a"},
		{"apiVersion: v1, kind: Namespace", "apiVersion: v1, kind: ServiceAccount", clusterWide, "Namespace /a"},
		{"apiVersion: v1, kind: PersistentVolume", "apiVersion: v1, kind: PersistentVolumeClaim", clusterWide,
			"PersistentVolume /a"},
		{"apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: kube-system}",
			"apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: p}", "", "ConfigMap kube-system/a in another"},
	} {
		t.Run(c.want, func(t *testing.T) {
			read := func(text string) *unstructured.Unstructured {
				return object(t, "{"+strings.TrimSuffix(text+", "+c.metadata, ", ")+"}")
			}
			if found := foundIn(t, read(c.refused)); len(found) != 1 || !strings.HasPrefix(found[0], c.want) {
				t.Errorf("found %q, want %q", found, c.want)
			}
			if found := foundIn(t, read(c.clean)); len(found) > 0 {
				t.Errorf("found %q in %s", found, c.clean)
			}
		})
	}
}
