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
		{Name: "release-pending", What: "A killed run left a release in `pending-upgrade`.", From: Deployed, Do: func(r *Run) {
			r.addRevision("loki", "loki", "pending-upgrade", nil)
			r.ChangeLoki()
			r.Recover(commandsOf(r.Refused("releases.loki"))...)
			r.Recover("pulumi up")
		}},
		{Name: "release-deleted", What: "Somebody deletes the records of a release; its objects are still there.", From: Deployed, Do: func(r *Run) {
			r.Succeeds("kubectl --namespace node-agents delete secret --selector owner=helm,name=alloy")
			r.Shows("pulumi refresh --run-program", "Release alloy deleted")
			r.Recover("pulumi up")
		}},
		{Name: "release-upgraded", What: "Somebody upgrades a release with other values, by `helm upgrade`.", From: Deployed,
			Wants: "The rehearsal's stand-in for the provider does not read the values that Helm has.", Do: func(r *Run) {
				r.addRevision("node-agents", "alloy", "deployed", func(values map[string]any) { values["fullnameOverride"] = "by-hand" })
				r.Shows("pulumi refresh --run-program", "Release alloy updated")
				r.Recover("pulumi up")
				if newest := r.newestRevision("node-agents", "alloy"); revision(newest) < 3 {
					r.Fatalf("the release was not upgraded back")
				}
			}},
	}
}

// newestRevision is the Secret of Helm's newest revision of a release.
func (r *Run) newestRevision(namespace, name string) *corev1.Secret {
	list, err := r.Kubernetes().CoreV1().Secrets(namespace).List(r, metav1.ListOptions{LabelSelector: "owner=helm,name=" + name})
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

// addRevision writes the record of another upgrade: one with other values, that is deployed, or one that is pending
// because Helm was killed.
func (r *Run) addRevision(namespace, name, status string, change func(values map[string]any)) {
	newest := r.newestRevision(namespace, name)
	next := strconv.Itoa(revision(newest) + 1)
	added := &corev1.Secret{Type: newest.Type, ObjectMeta: metav1.ObjectMeta{
		Name: strings.TrimSuffix(newest.Name, newest.Labels["version"]) + next, Namespace: namespace, Labels: maps.Clone(newest.Labels),
	}}
	added.Labels["version"], added.Labels["status"] = next, status
	added.Data = map[string][]byte{"release": rewriteRecord(r, newest.Data["release"], func(record map[string]any) {
		info, isInfo := record["info"].(map[string]any)
		values, isValues := record["config"].(map[string]any)
		if !isInfo || !isValues {
			r.Fatalf("the record of %s has no info or no values", name)
		}
		if change != nil {
			change(values)
		}
		info["status"], record["version"] = status, revision(newest)+1
	})}
	_, err := r.Kubernetes().CoreV1().Secrets(namespace).Create(r, added, metav1.CreateOptions{})
	r.must("writing the revision", err)
}
