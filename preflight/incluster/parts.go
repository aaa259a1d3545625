package incluster

import (
	"fmt"
	"strings"

	"doks-security/stack/field"
)

// Part is a part of the stack that its settings leave out, with the volumes that it has if it ran before.
type Part struct {
	Setting string // that is false
	Volume  Volume
	// Workload uses the volume, as kubectl delete takes it; empty: the StatefulSets of the namespace.
	Workload         string
	NamespaceDeleted bool // with all volumes in it
	Logs             bool // it is Loki, which may have a bucket
}

// Parts refuses to leave out a part whose volumes or bucket would be deleted with it. What is deleted by hand is no
// longer there to be lost: the commands of the error say so.
func Parts(c *Cluster, o Owner, parts []Part, errs *field.Errors) {
	for _, p := range parts {
		namespace := p.Volume.Namespace
		if !c.owns(o, namespace) {
			continue
		}
		var lost, remove []string
		for _, claim := range c.Claims {
			if claim.Metadata.Namespace == namespace && p.deletes(claim) {
				lost = append(lost, "the volume of "+claim.path())
				remove = append(remove, fmt.Sprintf("kubectl --namespace %s delete pvc %s", namespace, claim.Metadata.Name))
			}
		}
		workloads := []string{p.Workload}
		if p.Workload == "" {
			workloads = c.statefulSets(namespace)
		}
		bucket := ""
		if store, _, running := c.runningLogs(namespace); p.Logs && running && store.Bucket != "" {
			lost = append(lost, "the bucket with the logs")
			bucket = ", which deletes the bucket unless it is protected"
		}
		if len(lost) == 0 {
			continue
		}
		var commands []string
		for _, w := range workloads {
			commands = append(commands, fmt.Sprintf("kubectl --namespace %s delete %s", namespace, w))
		}
		errs.Add(p.Setting, false, "true: "+strings.Join(lost, ", ")+" would be deleted",
			fmt.Sprintf("pulumi config set --path '%s' true; to lose the data on purpose: %s, then pulumi up again%s",
				p.Setting, strings.Join(append(commands, remove...), " && "), bucket))
	}
}

// deletes reports whether a claim in the part's namespace is deleted with the part. Helm deletes a claim of a chart;
// those of a StatefulSet stay, until their namespace goes.
func (p Part) deletes(claim Claim) bool {
	return p.NamespaceDeleted || p.Volume.StatefulSet == "" && claim.Metadata.Name == p.Volume.Claim
}

// Left are the claims of parts that stay in the cluster without the part, and are paid for.
func Left(c *Cluster, o Owner, parts []Part) []string {
	var left []string
	for _, p := range parts {
		if p.NamespaceDeleted || p.Volume.StatefulSet == "" || !c.owns(o, p.Volume.Namespace) {
			continue
		}
		for _, claim := range c.claimsOf(p.Volume) {
			left = append(left, fmt.Sprintf("%s: false keeps the volume of %s: kubectl --namespace %s delete pvc %s deletes it",
				p.Setting, claim.path(), claim.Metadata.Namespace, claim.Metadata.Name))
		}
	}
	return left
}

// statefulSets are those of a namespace, as kubectl delete takes them.
func (c *Cluster) statefulSets(namespace string) []string {
	var all []string
	for _, set := range c.StatefulSets {
		if set.Metadata.Namespace == namespace {
			all = append(all, "statefulset "+set.Metadata.Name)
		}
	}
	return all
}
