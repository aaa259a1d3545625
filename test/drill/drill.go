// Package drill rehearses bad days: an API that fails, a killed run, something deleted by hand. A drill starts from an
// empty account or from a deployed stack, does the harm, runs what a user runs through the real Pulumi CLI, and carries
// out the recovery that docs/drills.md prints. Afterwards, whatever the drill did:
//
//   - a deployed stack has no changes in its preview, all its releases are deployed and its pods ready;
//   - nothing is lost and nothing is duplicated: the cluster, its network, pools, bucket and volumes are the same;
//   - of a destroyed stack nothing is left, neither in the account, nor in the state, nor on the machine.
//
// To add a drill, append it to the list of its file:
//
//	{Name: "secret-deleted", What: "A Secret of the stack is deleted by hand.", From: Deployed, Do: func(r *Run) {
//		r.Kubectl("--namespace monitoring delete secret grafana-admin")
//		r.Shows("pulumi refresh --run-program", "deleted")
//		r.Recover("pulumi up")
//	}}
package drill

import "slices"

// State is that of the account and of the stack.
type State string

// The states before and after a drill.
const (
	Empty    State = "empty"    // nothing was deployed, or all of it is destroyed
	Deployed State = "deployed" // and without changes
)

// Drill is one bad day.
type Drill struct {
	Name string // lower case, of letters, digits and hyphens; the argument of make drill NAME=
	What string // what goes wrong, in one sentence
	From State
	To   State // Deployed, if empty
	// Do does the harm and recovers from it.
	Do func(*Run)
}

// group is a file of drills.
type group struct {
	title  string
	drills []Drill
}

// groups are all drills in the order of docs/drills.md.
func groups() []group {
	return []group{
		{"DigitalOcean's API", apiDrills()},
		{"The cluster", clusterDrills()},
		{"Changes that a preview refuses", refusalDrills()},
		{"Interrupted and killed runs", interruptDrills()},
		{"The state", stateDrills()},
		{"Credentials", credentialDrills()},
		{"Kubernetes", kubernetesDrills()},
		{"Helm releases", releaseDrills()},
		{"Changes by hand", handDrills()},
	}
}

// inTests are the drills that make rehearsals runs, each with the test that runs it: TestDrills runs the drill itself,
// where that takes under ten seconds on a deployed stack; the others are tests of package rehearse with the same case.
var inTests = map[string]string{
	"cluster-deleted":             "TestClusterDeletedByHand",
	"cluster-forgotten":           "TestClusterThatTheStateDoesNotKnow",
	"refused-region":              "TestEditsNeverReplaceTheCluster/region",
	"refused-vpc-range":           "TestEditsNeverReplaceTheCluster/VPC",
	"refused-first-pool-resized":  "TestEditsNeverReplaceTheCluster/first pool resized",
	"refused-first-pool-replaced": "TestEditsNeverReplaceTheCluster/first pool renamed and resized",
	"refused-pools-reordered":     "TestEditsNeverReplaceTheCluster/a pool before the first",
	"refused-version":             "TestEditsNeverReplaceTheCluster/two minors at once",
	"refused-volume-size":         "TestEditsOfARunningStack",
	"refused-profile":             "TestEditsOfARunningStack",
	"refused-namespace":           "TestClusterWithForeignObjects",
	"int-upgrade-release":         ownTest,
	"kill-upgrade-release":        ownTest,
	"release-pending":             ownTest,
	"release-upgraded":            ownTest,
	"secret-deleted":              ownTest,
	"pod-security-label-changed":  ownTest,
}

const ownTest = "TestDrills"

// All returns the drills in the order of docs/drills.md.
func All() []Drill {
	var all []Drill
	for _, g := range groups() {
		all = append(all, g.drills...)
	}
	return all
}

// next takes the drill that needs no separate deployment, if there is one: a deployment takes as long as most drills.
func next(state State, left []Drill) (Drill, []Drill) {
	i := max(0, slices.IndexFunc(left, func(d Drill) bool { return d.From == state }))
	return left[i], slices.Delete(slices.Clone(left), i, i+1)
}

func (d Drill) to() State {
	if d.To == "" {
		return Deployed
	}
	return d.To
}
