package incluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"doks-security/stack/field"
)

// keepPolicy is Helm's annotation of objects that it does not delete with their release.
const keepPolicy = "helm.sh/resource-policy"

// Addons refuses to remove an addon whose volumes would be deleted: with its namespace or, where another addon keeps
// the namespace, by Helm. What is deleted by hand is no longer there to be lost: the commands of the error say so.
func Addons(c *Cluster, o Owner, errs *field.Errors) {
	for _, n := range c.Namespaces {
		namespace := n.Metadata.Name
		if _, addon := n.Metadata.Annotations[AddonAnnotation]; !addon || !c.owns(o, namespace) {
			continue
		}
		_, kept := o.Namespaces.RoleOf(namespace)
		removed := c.removed(o, namespace)
		var lost, claims []string
		for _, claim := range c.Claims {
			release, _ := claim.release()
			uninstalled := slices.Contains(removed, release) && claim.Metadata.Annotations[keepPolicy] != "keep"
			if claim.Metadata.Namespace == namespace && (!kept || uninstalled) {
				lost, claims = append(lost, "the volume of "+claim.path()), append(claims, claim.Metadata.Name)
			}
		}
		if len(lost) == 0 {
			continue
		}
		of, which := "the addon of the namespace "+namespace, "--all"
		if kept {
			of += " with the release " + strings.Join(removed, ", ")
			which = fmt.Sprintf("--selector 'app.kubernetes.io/instance in (%s)'", strings.Join(removed, ", "))
		}
		errs.Add("addons.enabled", json.Number("without "+of), "with it: "+strings.Join(lost, ", ")+" would be deleted",
			fmt.Sprintf("enable it again; to lose the data on purpose: kubectl --namespace %s delete "+
				"deployments,statefulsets,daemonsets,cronjobs,jobs %s && kubectl --namespace %[1]s delete pvc %[3]s, "+
				"then pulumi up again", namespace, which, strings.Join(claims, " ")))
	}
}

// removed are the Helm releases in a namespace that the settings do not install there, sorted.
func (c *Cluster) removed(o Owner, namespace string) []string {
	var names []string
	for _, revision := range c.Releases {
		r := Release{Name: revision.Metadata.Labels["name"], Namespace: revision.Metadata.Namespace}
		if r.Namespace == namespace && !slices.Contains(o.Releases, r) {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
