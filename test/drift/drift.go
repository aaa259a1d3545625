// Package drift finds objects of Helm releases that were deleted or changed since Helm rendered them.
//
// Pulumi compares the inputs of a release, never its objects: a Deployment that was scaled to 0 or deleted by hand is
// no change to it. This package reads the manifest of each release from Helm's own records, asks the API server by a
// server-side apply in dry-run mode what each object would become if it were applied again, and compares that with the
// live object, so that defaults, quantities and list keys are the API server's own. Nothing is written.
//
// Fields that a release does not render are not compared, but for those set with kubectl. Fields that a
// controller set are its business: replicas under a HorizontalPodAutoscaler, an injected caBundle, the rules of an
// aggregated ClusterRole. Who set a field is in the object's [managedFields]: a manager is a controller if it wrote the
// status of an object, or by its name. A volume that was grown stays: it cannot shrink.
//
// [managedFields]: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
package drift

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// Report is what was compared and what differs.
type Report struct {
	Releases, Objects int
	Findings          []Finding // by release and object, in the order of Helm's manifest
}

// Finding is one difference between what Helm rendered and the cluster.
type Finding struct {
	Release, Namespace string
	Revision           int    // of the release
	Kind, Object       string // the object and its namespace/name; empty: the release itself
	Path               string // the field; empty: the object is missing
	Rendered, Live     string // values for people; of Secrets masked, empty if there is none
	// Restorable reports whether `helm rollback` to the same revision restores it. Helm 3 does not restore fields of
	// custom resources, nor remove fields it never rendered.
	Restorable bool
}

// Find compares the releases in the namespaces of this program, which have the label app.kubernetes.io/part-of:
// doks-security.
func Find(ctx context.Context, config *rest.Config) (*Report, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst, config.WarningHandler = 50, 100, rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	releases, err := readReleases(ctx, client)
	if err != nil {
		return nil, err
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	c := &comparer{
		objects: objects, controllers: map[string]bool{},
		mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery())),
	}
	report := &Report{Releases: len(releases)}
	live := map[*unstructured.Unstructured]*unstructured.Unstructured{} // by what Helm rendered
	for _, r := range releases {
		for _, o := range r.objects {
			report.Objects++
			if live[o], err = c.get(ctx, o, r.Namespace); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range releases {
		if r.Status != deployed {
			report.Findings = append(report.Findings, r.finding(Finding{Path: "status", Rendered: deployed, Live: r.Status}))
		}
		for _, o := range r.objects {
			found, err := c.compare(ctx, o, live[o], r.Namespace)
			if err != nil {
				return nil, err
			}
			for _, f := range found {
				report.Findings = append(report.Findings, r.finding(f))
			}
		}
	}
	return report, nil
}

// finding completes a finding with the release it is of.
func (r *release) finding(f Finding) Finding {
	f.Release, f.Namespace, f.Revision = r.Name, r.Namespace, r.Revision
	return f
}

// partOf selects what this program made.
const partOf = "app.kubernetes.io/part-of=doks-security"

// namespaces are those of this program.
func namespaces(ctx context.Context, client kubernetes.Interface) ([]string, error) {
	list, err := client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: partOf})
	if err != nil {
		return nil, fmt.Errorf("listing the namespaces: %w", err)
	}
	names := make([]string, 0, len(list.Items))
	for _, n := range list.Items {
		names = append(names, n.Name)
	}
	return names, nil
}
