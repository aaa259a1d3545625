package rehearse

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// explain prints the cluster's own warnings, newest last. A failed release is uninstalled before its error reaches
// us, but the events say what its pods were refused for.
func explain(ctx context.Context, a *account, r *report) {
	plane, err := a.clusters.only()
	if err != nil {
		return // the cluster itself is what failed
	}
	if a.clusters.pods != nil {
		a.clusters.pods.explain(ctx, plane.Client(), r)
	}
	events, err := plane.Client().CoreV1().Events("").List(ctx,
		metav1.ListOptions{FieldSelector: "type=" + corev1.EventTypeWarning})
	if err != nil {
		r.note("the cluster's warnings cannot be read: %v", err)
		return
	}
	if len(events.Items) > 0 {
		r.step("warnings of the cluster")
	}
	slices.SortFunc(events.Items, func(a, b corev1.Event) int { return a.LastTimestamp.Compare(b.LastTimestamp.Time) })
	printed := map[string]bool{}
	for _, e := range events.Items {
		line := strings.TrimSpace(e.InvolvedObject.Kind + " " + e.InvolvedObject.Namespace + "/" + e.InvolvedObject.Name +
			": " + e.Message)
		if !printed[line] {
			printed[line] = true
			r.note("%s", line)
		}
	}
}
