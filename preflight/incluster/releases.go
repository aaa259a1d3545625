package incluster

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"doks-security/stack/field"
)

// Release is a Helm release of the stack.
type Release struct{ Name, Namespace string }

// unfinished are the states of a release whose last revision an interrupted or failed run left.
var unfinished = []string{"pending-install", "pending-upgrade", "pending-rollback", "failed"}

// Releases refuses releases that Helm left unfinished: Helm would refuse the next change of one ("another operation is
// in progress"), and until then nothing would show it.
func Releases(c *Cluster, releases []Release, errs *field.Errors) {
	for _, r := range releases {
		revisions := c.revisions(r)
		if len(revisions) == 0 {
			continue
		}
		last := revisions[len(revisions)-1].Metadata.Labels
		if !slices.Contains(unfinished, last["status"]) {
			continue
		}
		worked := false
		command := fmt.Sprintf("helm uninstall %s --namespace %s", r.Name, r.Namespace)
		for _, revision := range revisions { // the last that worked
			if status := revision.Metadata.Labels["status"]; status == "deployed" || status == "superseded" {
				worked = true
				command = fmt.Sprintf("helm rollback %s %s --namespace %s", r.Name, revision.Metadata.Labels["version"],
					r.Namespace)
			}
		}
		if worked && last["status"] == "failed" {
			continue // Helm upgrades it with the next update
		}
		errs.Add("releases."+r.Name, last["status"],
			"a release in the state deployed: an earlier run was interrupted at revision "+last["version"],
			command+", then pulumi up again")
	}
}

// Installed are those of the stack's releases that the cluster has, in namespaces of the stack.
func Installed(c *Cluster, o Owner) []Release {
	var found []Release
	for _, r := range o.Releases {
		if len(c.revisions(r)) > 0 && c.owns(o, r.Namespace) {
			found = append(found, r)
		}
	}
	return found
}

// revisions are those of a release that Helm keeps, the newest last.
func (c *Cluster) revisions(r Release) []Object {
	var found []Object
	for _, secret := range c.Releases {
		if secret.Metadata.Namespace == r.Namespace && secret.Metadata.Labels["name"] == r.Name {
			found = append(found, secret)
		}
	}
	number := func(o Object) int {
		n, _ := strconv.Atoi(o.Metadata.Labels["version"]) // Helm writes a number
		return n
	}
	slices.SortFunc(found, func(a, b Object) int { return cmp.Compare(number(a), number(b)) })
	return found
}
