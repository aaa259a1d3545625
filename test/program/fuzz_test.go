package program

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/components"
	"doks-security/stack"
	"doks-security/stack/stacktest"
	"doks-security/test/admission/cost"
)

// Whatever is approved: either it is refused, or the API server's compiler takes every expression of the admission
// policy, and exactly what was approved is admitted.
func FuzzAdmission(f *testing.F) {
	const digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	for _, seed := range stacktest.Seeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		given := map[string]any{"admission": "deny", "approved": []any{
			map[string]any{"namespace": "team-a"}, map[string]any{"namespace": "team-b", "digests": []any{digest}},
		}}
		stacktest.Alter(given, data)
		encoded, err := json.Marshal(given)
		if err != nil {
			t.Fatal(err)
		}
		settings, err := stack.Parse("dev", map[string]string{
			"virtualClusters": string(encoded), "cluster": `{"pools":[{"name":"a","size":"s-4vcpu-8gb","count":3}]}`,
		})
		if err != nil || settings.VirtualClusters.Admission == components.AdmissionOff {
			return
		}
		approved := settings.VirtualClusters.Approved
		objects, err := components.AdmissionObjects(&components.AdmissionArgs{Mode: settings.VirtualClusters.Admission,
			Approved: approved})
		if err != nil {
			t.Fatal(err)
		}
		policy, err := cost.Compile(objects[0], "1.33")
		if err != nil {
			t.Fatal(err)
		}
		admits := func(namespace, image string) bool {
			verdict, err := policy.Evaluate(t.Context(), pod(image), nil, namespace)
			if err != nil {
				t.Errorf("%s in namespace %q: %v", image, namespace, err)
			}
			return verdict.Admitted
		}
		const image = "docker.io/loftsh/vcluster"
		for _, a := range approved {
			if got := admits(a.Namespace, image); got != (len(a.Digests) == 0) {
				t.Errorf("any image in %q: admitted %t with the digests %q", a.Namespace, got, a.Digests)
			}
			for _, d := range a.Digests {
				if !admits(a.Namespace, image+"@"+d) {
					t.Errorf("%s in %q: not admitted", d, a.Namespace)
				}
			}
		}
		if admits("not-approved-anywhere", image+"@"+digest) {
			t.Error("a virtual cluster is admitted in another namespace")
		}
	})
}

func pod(image string) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: "a"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: image}}},
	}
}
