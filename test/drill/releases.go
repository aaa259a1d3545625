package drill

import (
	"maps"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func releaseDrills() []Drill {
	return []Drill{
		{Name: "release-pending", What: "A killed run left a release in `pending-upgrade`.", From: Deployed,
			Do: func(r *Run) {
				r.addPendingUpgrade("loki", "loki")
				r.ChangeLoki()
				r.Recover(commandsOf(r.Refused("releases.loki"))...)
				r.Recover("pulumi up")
			}},
		{Name: "release-deleted", What: "The records of a release are deleted; its objects are still there.", From: Deployed,
			Do: func(r *Run) {
				r.Succeeds("kubectl --namespace node-agents delete secret --selector owner=helm,name=alloy")
				r.Shows("pulumi refresh --run-program", "Release alloy deleted")
				r.Recover("pulumi up")
			}},
		{Name: "release-upgraded", What: "A value of a release is changed by `helm upgrade --reuse-values`.", From: Deployed,
			Do: func(r *Run) {
				r.upgradeByHand("node-agents", "alloy", map[string]any{"alloy": map[string]any{"enableReporting": true}})
				r.Shows("pulumi refresh --run-program", "Release alloy updated")
				r.Recover("pulumi up")
				if alloy, _ := r.releaseValues("node-agents",
					"alloy")["alloy"].(map[string]any); alloy["enableReporting"] != false {
					r.Fatalf("the release has enableReporting %v, want false", alloy["enableReporting"])
				}
			}},
	}
}

// newestRevision is the Secret of Helm's newest revision of a release.
func (r *Run) newestRevision(namespace, name string) *corev1.Secret {
	list, err := r.Kubernetes().CoreV1().Secrets(namespace).List(r,
		metav1.ListOptions{LabelSelector: "owner=helm,name=" + name})
	r.must("listing revisions", err)
	var newest *corev1.Secret
	for i, s := range list.Items {
		if newest == nil || revision(&s) > revision(newest) {
			newest = &list.Items[i]
		}
	}
	if newest == nil {
		r.Fatalf("the release %s has no revision", name)
	}
	return newest
}

func revision(s *corev1.Secret) int {
	n, _ := strconv.Atoi(s.Labels["version"])
	return n
}

// addPendingUpgrade writes the record of an upgrade that is pending because Helm was killed.
func (r *Run) addPendingUpgrade(namespace, name string) {
	const status = "pending-upgrade"
	newest := r.newestRevision(namespace, name)
	next := strconv.Itoa(revision(newest) + 1)
	added := &corev1.Secret{Type: newest.Type, ObjectMeta: metav1.ObjectMeta{
		Name: strings.TrimSuffix(newest.Name, newest.Labels["version"]) + next, Namespace: namespace,
		Labels: maps.Clone(newest.Labels),
	}}
	added.Labels["version"], added.Labels["status"] = next, status
	added.Data = map[string][]byte{"release": rewriteRecord(r, newest.Data["release"], func(record map[string]any) {
		info, ok := record["info"].(map[string]any)
		if !ok {
			r.Fatalf("the record of %s has no info", name)
		}
		info["status"], record["version"] = status, revision(newest)+1
	})}
	_, err := r.Kubernetes().CoreV1().Secrets(namespace).Create(r, added, metav1.CreateOptions{})
	r.must("writing the revision", err)
}
