package drift

import (
	"context"
	"fmt"
	"slices"
	"strings"

	helm "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"
)

const deployed = string(helm.StatusDeployed)

// release is the newest revision of a Helm release.
type release struct {
	Name, Namespace, Status string
	Revision                int
	objects                 []*unstructured.Unstructured // rendered, without hooks; none unless it is deployed
}

// readReleases reads Helm's records, by namespace and name. A release that was uninstalled with its history kept is
// none.
func readReleases(ctx context.Context, client kubernetes.Interface) ([]*release, error) {
	names, err := namespaces(ctx, client)
	if err != nil {
		return nil, err
	}
	var releases []*release
	for _, namespace := range names {
		records, err := storage.Init(driver.NewSecrets(client.CoreV1().Secrets(namespace))).ListReleases()
		if err != nil {
			return nil, fmt.Errorf("reading Helm's records in namespace %s: %w", namespace, err)
		}
		newest := map[string]*helm.Release{}
		for _, record := range records {
			if newest[record.Name] == nil || newest[record.Name].Version < record.Version {
				newest[record.Name] = record
			}
		}
		for _, record := range newest {
			if record.Info.Status == helm.StatusUninstalled {
				continue
			}
			r := &release{Name: record.Name, Namespace: namespace, Status: record.Info.Status.String(), Revision: record.Version}
			if r.Status == deployed {
				if r.objects, err = parse(record.Manifest); err != nil {
					return nil, fmt.Errorf("reading the manifest of release %s/%s: %w", namespace, r.Name, err)
				}
			}
			releases = append(releases, r)
		}
	}
	slices.SortFunc(releases, func(a, b *release) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	return releases, nil
}

// parse splits a manifest into objects, in its order.
func parse(manifest string) ([]*unstructured.Unstructured, error) {
	documents := releaseutil.SplitManifests(manifest)
	names := make([]string, 0, len(documents))
	for name := range documents {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if releaseutil.BySplitManifestsOrder([]string{a, b}).Less(0, 1) {
			return -1
		}
		return 1
	})
	var objects []*unstructured.Unstructured
	for _, name := range names {
		text, err := yaml.YAMLToJSON([]byte(documents[name]))
		if err != nil {
			return nil, err
		}
		o := &unstructured.Unstructured{}
		if string(text) == "null" {
			continue // only comments
		}
		if err := o.UnmarshalJSON(text); err != nil {
			return nil, err
		}
		if !o.IsList() {
			objects = append(objects, o)
			continue
		}
		list, err := o.ToList()
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			objects = append(objects, &list.Items[i])
		}
	}
	return objects, nil
}
