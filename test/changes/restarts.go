package changes

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// operatorTime is for the simulated prometheus-operator, which looks at its objects three times a second.
const operatorTime = time.Second

// workload is a Deployment, StatefulSet or DaemonSet.
type workload struct {
	release  string // that it belongs to
	template string // of its pods, as JSON
}

// workloads lists what runs in the cluster by namespace and name.
func (r *Runner) workloads(ctx context.Context) (map[string]workload, error) {
	plane, err := r.session.ControlPlane()
	if err != nil {
		return nil, err
	}
	found, apps, all := map[string]workload{}, plane.Client().AppsV1(), metav1.ListOptions{}
	add := func(meta metav1.ObjectMeta, template corev1.PodTemplateSpec) {
		text, _ := json.Marshal(template) // of Kubernetes' own types
		release := meta.Annotations["meta.helm.sh/release-name"]
		if metav1.GetControllerOf(&meta) != nil { // a custom resource of prometheus-operator
			release = "kube-prometheus-stack"
		}
		found[meta.Namespace+"/"+meta.Name] = workload{release, string(text)}
	}
	deployments, err := apps.Deployments("").List(ctx, all)
	if err != nil {
		return nil, fmt.Errorf("listing Deployments: %w", err)
	}
	for _, d := range deployments.Items {
		add(d.ObjectMeta, d.Spec.Template)
	}
	sets, err := apps.StatefulSets("").List(ctx, all)
	if err != nil {
		return nil, fmt.Errorf("listing StatefulSets: %w", err)
	}
	for _, s := range sets.Items {
		add(s.ObjectMeta, s.Spec.Template)
	}
	daemons, err := apps.DaemonSets("").List(ctx, all)
	if err != nil {
		return nil, fmt.Errorf("listing DaemonSets: %w", err)
	}
	for _, d := range daemons.Items {
		add(d.ObjectMeta, d.Spec.Template)
	}
	return found, nil
}

// restarted lists the workloads whose pods are replaced, with the release of each.
func restarted(before, after map[string]workload) map[string]string {
	names := map[string]string{}
	for name, was := range before {
		if is, runs := after[name]; runs && is.template != was.template {
			names[name] = is.release
		}
	}
	return names
}

// inReleases are the workloads of the releases that a change touches.
func inReleases(restarts map[string]string, done operations) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(restarts)) {
		for urn := range done {
			if kind, release := resourceOf(urn); kind == "Release" && release == restarts[name] {
				names = append(names, name)
			}
		}
	}
	return names
}
