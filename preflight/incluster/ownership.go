package incluster

import (
	"fmt"
	"slices"
	"strings"

	"doks-security/stack/field"
	"doks-security/values"
)

const (
	// PartOfLabel and PartOf are on everything the program creates in a cluster, charts apart.
	PartOfLabel = "app.kubernetes.io/part-of"
	PartOf      = "doks-security"
	// StackAnnotation is on the namespaces of a stack: <project>/<stack>. Namespaces of older versions have none.
	StackAnnotation = "doks-security/stack"
	// AddonAnnotation is on the namespaces of addons: without its addon such a namespace is deleted.
	AddonAnnotation = "doks-security/addon"

	releaseName      = "meta.helm.sh/release-name"
	releaseNamespace = "meta.helm.sh/release-namespace"
)

// What a cluster may have already, and the stack then uses: the values of cluster.provides. Each is a release
// otherwise.
const (
	MetricsServer = "metrics-server"
	OperatorCRDs  = "prometheus-operator-crds"
	CertManager   = "cert-manager"
)

// Providable are the values of cluster.provides.
var Providable = []string{MetricsServer, OperatorCRDs, CertManager}

// provision is how a cluster shows that it has one of Providable.
type provision struct {
	name, kind, suffix string // of the objects' names
	// kept objects stay when the stack's own release is removed, and can be used from then on.
	kept bool
}

var provisions = []provision{
	{MetricsServer, "APIService", "v1beta1.metrics.k8s.io", false},
	{OperatorCRDs, "CustomResourceDefinition", ".monitoring.coreos.com", true},
	{CertManager, "CustomResourceDefinition", "cert-manager.io", false},
}

// Owner is a stack with the names it uses in a cluster.
type Owner struct {
	Stack string // <project>/<stack>
	// the same when it was deployed in this cluster last, before pulumi stack rename; empty: never
	Former     string
	Namespaces values.Namespaces // to be created: names, by role
	Names      values.Namespaces // of all roles, also of those that the settings leave out
	Releases   []Release         // to be installed
	Provides   []string          // setting cluster.provides
}

// Ownership refuses to take over what others have in the cluster: another stack of this project, namespaces of the
// stack's names, Helm releases of its names in other namespaces that own objects of the whole cluster, and the APIs of
// metrics-server, the Prometheus operator and cert-manager. The latter the stack can use: cluster.provides.
func Ownership(c *Cluster, o Owner, errs *field.Errors) {
	for _, n := range c.Namespaces {
		o.namespace(n, errs)
	}
	o.renamed(c, errs)
	if o.neighbor(c, errs) {
		return // the rest would be about its releases
	}
	for _, r := range o.Releases {
		if slices.Contains(Providable, r.Name) {
			continue
		}
		i := slices.IndexFunc(c.ClusterWide, func(object Object) bool {
			name, namespace := object.release()
			return name == r.Name && namespace != r.Namespace && !c.owns(o, namespace)
		})
		if i >= 0 {
			object := c.ClusterWide[i]
			errs.Add("releases."+r.Name, nil, fmt.Sprintf("a release that the cluster does not have: the %s %s belongs to %s, "+
				"and this stack's release would overwrite it",
				object.Kind, object.Metadata.Name, object.owner()),
				fmt.Sprintf("helm uninstall %s --namespace %s if it is not needed, or deploy to another cluster", r.Name,
					object.Metadata.Annotations[releaseNamespace]))
		}
	}
	provides := len(o.Provides)
	for _, p := range provisions {
		if o.provision(c, p, provides, errs) {
			provides++
		}
	}
}

// namespace refuses a namespace of others that has one of the stack's names.
func (o Owner) namespace(n Object, errs *field.Errors) {
	name, other := n.Metadata.Name, n.Metadata.Annotations[StackAnnotation]
	role, wanted := o.Namespaces.RoleOf(name)
	rename := fmt.Sprintf("pulumi config set --path 'namespaces.names.%s' <another name>", role)
	if _, ours := values.DefaultNamespaces()[role]; !ours {
		rename = "write another namespace to chart.yaml of the addon with namespace: " + role
	}
	switch {
	case !wanted:
	case !n.isOfProject():
		errs.Add("namespaces", name, "names that the cluster does not have yet: this namespace exists, and no stack of this "+
			"project created it",
			rename+"; if nothing in it is needed: kubectl delete namespace "+name)
	case !o.is(other):
		errs.Add("namespaces", name, "names that no other stack uses: this namespace belongs to the stack "+other,
			fmt.Sprintf("%s; after pulumi stack rename: kubectl annotate --overwrite namespace %s %s=%s", rename, name,
				StackAnnotation, o.Stack))
	}
}

// neighbor refuses a cluster in which another stack of this project is: both have objects of the whole cluster with
// the same names, such as the admission policy. It reports whether there is one.
func (o Owner) neighbor(c *Cluster, errs *field.Errors) bool {
	var stack string
	var namespaces []string
	for _, n := range c.Namespaces {
		other := n.Metadata.Annotations[StackAnnotation]
		if n.isOfProject() && !o.is(other) && (stack == "" || stack == other) {
			stack, namespaces = other, append(namespaces, n.Metadata.Name)
		}
	}
	unnamed := slices.ContainsFunc(namespaces, func(name string) bool {
		_, wanted := o.Namespaces.RoleOf(name)
		return !wanted // otherwise namespace has refused it
	})
	if unnamed {
		names := strings.Join(namespaces, " ")
		errs.Add("namespaces", nil, fmt.Sprintf("a cluster without another stack of this project: "+
			"the stack %s has the namespaces %s, and each stack has objects of the whole cluster", stack, names),
			fmt.Sprintf("deploy to another cluster; where %s no longer exists: kubectl delete namespace %s; "+
				"after pulumi stack rename: kubectl annotate --overwrite namespace %[2]s %s=%s", stack, names,
				StackAnnotation, o.Stack))
	}
	return len(namespaces) > 0
}

// renamed refuses other names than those of the running stack's namespaces: they would be deleted, with their volumes.
// Names that two of them exchange are known by the releases in them. The namespace of an addon that is no longer
// enabled is to be deleted.
func (o Owner) renamed(c *Cluster, errs *field.Errors) {
	var deleted []string
	for _, n := range c.Namespaces {
		_, known := o.Names.RoleOf(n.Metadata.Name)
		_, addon := n.Metadata.Annotations[AddonAnnotation]
		if c.owns(o, n.Metadata.Name) && (!known && !addon || o.moved(c, n.Metadata.Name)) {
			deleted = append(deleted, n.Metadata.Name)
		}
	}
	if len(deleted) > 0 {
		errs.Add("namespaces", nil, "the names that the running stack has: its namespaces "+strings.Join(deleted, ", ")+
			" would be deleted with their volumes",
			"restore namespaces.prefix and namespaces.names; or to start from scratch with other names: pulumi destroy, "+
				"then pulumi up")
	}
}

// moved reports whether the namespace has a release that the settings have in another one.
func (o Owner) moved(c *Cluster, namespace string) bool {
	return slices.ContainsFunc(c.Releases, func(revision Object) bool {
		return revision.Metadata.Namespace == namespace && slices.ContainsFunc(o.Releases, func(r Release) bool {
			return r.Name == revision.Metadata.Labels["name"] && r.Namespace != namespace
		})
	})
}

// provision checks one of provisions against cluster.provides, whose next index is next; it reports whether the list
// lacks it.
func (o Owner) provision(c *Cluster, p provision, next int, errs *field.Errors) bool {
	provided := slices.Contains(o.Provides, p.name)
	i := slices.IndexFunc(o.Releases, func(r Release) bool { return r.Name == p.name })
	if !provided && i < 0 {
		return false // not needed
	}
	var found, others []Object
	for _, object := range c.ClusterWide {
		if object.Kind != p.kind || !strings.HasSuffix(object.Metadata.Name, p.suffix) {
			continue
		}
		found = append(found, object)
		if name, namespace := object.release(); name != p.name || i < 0 || namespace != o.Releases[i].Namespace &&
			!c.owns(o, namespace) {
			others = append(others, object)
		}
	}
	ours := slices.IndexFunc(c.Releases, func(r Object) bool {
		return r.Metadata.Labels["name"] == p.name && c.owns(o, r.Metadata.Namespace)
	})
	switch {
	case provided && len(found) == 0:
		errs.Add("cluster.provides", p.name, fmt.Sprintf("what the cluster has: it has no %s %s", p.kind,
			strings.TrimPrefix(p.suffix, ".")),
			"remove it from the list, and this stack installs it; or install it in the cluster first")
	case provided && ours >= 0 && !p.kept:
		errs.Add("cluster.provides", p.name, "what others installed in the cluster: this is the stack's own release, which "+
			"would be removed",
			"remove it from the list")
	case !provided && len(others) > 0:
		errs.Add("cluster.provides", nil, fmt.Sprintf("%s: the cluster has the %s %s of %s, which this stack's release "+
			"would overwrite",
			p.name, others[0].Kind, others[0].Metadata.Name, others[0].owner()),
			fmt.Sprintf("pulumi config set --path 'cluster.provides[%d]' %s to use it, or remove it from the cluster",
				next, p.name))
		return true
	}
	return false
}

// is reports whether a namespace with that StackAnnotation is the stack's; older versions set none. The next pulumi up
// after a rename sets the new name.
func (o Owner) is(annotation string) bool {
	return annotation == "" || annotation == o.Stack || annotation == o.Former
}

// owns reports whether a namespace is the stack's.
func (c *Cluster) owns(o Owner, namespace string) bool {
	return slices.ContainsFunc(c.Namespaces, func(n Object) bool {
		return n.Metadata.Name == namespace && n.isOfProject() && o.is(n.Metadata.Annotations[StackAnnotation])
	})
}

// isOfProject reports whether a stack of this project created a namespace.
func (o Object) isOfProject() bool { return o.Metadata.Labels[PartOfLabel] == PartOf }

// release is the Helm release an object belongs to.
func (o Object) release() (name, namespace string) {
	return o.Metadata.Annotations[releaseName], o.Metadata.Annotations[releaseNamespace]
}

func (o Object) owner() string {
	if name, namespace := o.release(); name != "" {
		return "the Helm release " + namespace + "/" + name
	}
	if manager := o.Metadata.Labels["app.kubernetes.io/managed-by"]; manager != "" {
		return manager
	}
	return "an unknown owner (it belongs to no Helm release)"
}
