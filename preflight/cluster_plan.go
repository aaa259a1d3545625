package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/digitalocean/godo"

	"doks-security/account"
	"doks-security/components"
	"doks-security/stack/field"
)

// Wanted are the settings of a cluster that the stack owns, and by what it is known.
type Wanted struct {
	Stack   string // the Pulumi stack's name
	Last    Deployment
	Name    string
	Region  string
	Version string          // prefix or exact slug
	Network account.Network // empty fields: chosen here
	VPC     string          // id of an existing VPC, or DefaultVPCOfRegion; empty: one of the cluster's own
	Pools   []components.Pool
	HA      bool
	HAGiven bool   // the stack file has cluster.ha; otherwise it is the profile's default
	Project string // the project's name
}

// Plan is what the account makes of the settings.
type Plan struct {
	// Running is the stack's cluster; nil when it is still to be created.
	Running *godo.KubernetesCluster
	// VPC is the running cluster's, the one that already has the cluster's name, or the one of cluster.vpc.
	VPC *godo.VPC
	// OtherVPC reports that VPC is not the stack's: it is used, not managed.
	OtherVPC bool
	// Project is the one that has the name of the stack's.
	Project *godo.Project
	Network account.Network
	// Version is the slug to create the cluster with or, with Upgrade, to upgrade it to.
	Version string
	Upgrade bool
}

// Cluster finds the stack's cluster and checks that the settings can be applied to it in place. upgrades are the
// versions the running cluster can be upgraded to; it is asked only when an upgrade is wanted.
func Cluster(inventory *account.Inventory, w Wanted, upgrades func(clusterID string) ([]string, error)) (Plan, error) {
	var errs field.Errors
	running := w.find(inventory, &errs)
	if errs.Has("cluster.existing") {
		return Plan{Running: running}, errs.Err() // the other settings are about the new cluster
	}
	named, other := inventory.VPCNamed(w.Name), otherVPC(inventory, w, &errs)
	if w.VPC != "" {
		named = other
	}
	plan := Plan{Running: running, VPC: named, Project: inventory.ProjectNamed(w.Project), Network: w.Network,
		OtherVPC: w.VPC != ""}
	if running != nil {
		plan.VPC = inventory.VPC(running.VPCUUID)
		sameVPC(inventory, running, other, w, &errs)
		if w.VPC == "" && named != nil && named.ID != running.VPCUUID && !errs.Has("cluster.name") {
			errs.Add("cluster.name", w.Name, "a name that no other VPC of the account has: "+
				"the VPC gets the cluster's name; another has it ("+named.ID+")", otherName)
		}
		replacement(running, plan.VPC, w, &errs)
		highAvailability(running.HA, w.HA, w.HAGiven, &errs)
		plan.Network = account.Network{Pods: running.ClusterSubnet, Services: running.ServiceSubnet}
		if plan.VPC != nil {
			plan.Network.VPC = plan.VPC.IPRange
		}
	} else if !errs.Has("cluster.vpc") {
		plan.Network = network(inventory, plan.VPC, w, &errs)
		firstVPC(inventory, plan.VPC, w, &errs)
	}
	region(inventory.Offer, running, w, &errs)
	sizes(inventory.Offer, running, w, &errs)
	var err error
	plan.Version, plan.Upgrade, err = version(w.Version, running, inventory.Versions, upgrades, &errs)
	if err != nil {
		return plan, err
	}
	return plan, errs.Err()
}

const otherName = "pulumi config set --path 'cluster.name' <another name>"

// UseAnotherStack is how to deploy into another cluster than the one that a stack is in.
const UseAnotherStack = "deploy into the other cluster from a new stack: make env NAME=<name>"

func keepExisting(name string) string {
	return "pulumi config set --path 'cluster.existing' " + name + ", and " + UseAnotherStack
}

// find looks for the cluster by the id of the last deployment, by the stack's tag, then by its name. Which of them the
// state knows is seen only when the cluster is registered: components.NewCluster compares.
func (w Wanted) find(inventory *account.Inventory, errs *field.Errors) *godo.KubernetesCluster {
	deployed := inventory.Cluster(w.Last.ClusterID)
	running := deployed
	if running == nil {
		running = inventory.ClusterTagged(account.StackTag(w.Stack))
	}
	own := w.Last.own(inventory, w.Stack)
	// Older versions left only the name.
	if deployed != nil && (own == nil || own.ID != deployed.ID) && deployed.Name != w.Name {
		errs.Add("cluster.existing", nil, deployed.Name+": this stack is deployed there, and moving to a new cluster "+
			"would delete its releases and volumes", keepExisting(deployed.Name))
	}
	named := inventory.ClusterNamed(w.Name)
	if named == nil || running != nil && named.ID == running.ID {
		return running
	}
	if owner := otherStack(named, w.Stack); owner != "" || running != nil {
		by := "another cluster"
		if owner != "" {
			by = "the cluster of stack " + owner
		}
		errs.Add("cluster.name", w.Name, "a name that no other cluster of the account has; "+by+" has it ("+named.ID+")",
			otherName)
		return running
	}
	return named
}

// otherStack is the stack that a cluster is tagged with, if it is not this one.
func otherStack(cluster *godo.KubernetesCluster, stack string) string {
	if account.HasTag(cluster.Tags, account.StackTag(stack)) {
		return ""
	}
	return account.StackOf(cluster.Tags)
}

// Deployment is the stack's last one; zero before the first.
type Deployment struct {
	ClusterID string
	Stack     string // the Pulumi stack's name at that time: another one since pulumi stack rename
	PaysNodes bool   // its cost had nodes, which are those of a cluster that it created
}

// own is the cluster that the stack created; nil when it created none, or the account no longer has it.
func (d Deployment) own(inventory *account.Inventory, stack string) *godo.KubernetesCluster {
	deployed := inventory.Cluster(d.ClusterID)
	if deployed != nil && (d.PaysNodes || account.HasTag(deployed.Tags, account.StackTag(d.Stack))) {
		return deployed
	}
	return inventory.ClusterTagged(account.StackTag(stack))
}

// Existing finds the cluster of cluster.existing, and checks that the stack is not deployed in another one: its
// releases would be deleted there, with their volumes. Nor can it be the cluster that the stack itself created: out of
// the program, it would be deleted.
func Existing(inventory *account.Inventory, name, stack string, last Deployment) (*godo.KubernetesCluster, error) {
	var errs field.Errors
	cluster := inventory.ClusterNamed(name)
	if cluster == nil {
		names := []string{}
		for _, c := range inventory.Clusters {
			names = append(names, c.Name)
		}
		slices.Sort(names)
		errs.Add("cluster.existing", name, "a cluster of this DigitalOcean account: "+strings.Join(names, ", "),
			"pulumi config set --path 'cluster.existing' <name>")
	}
	deployed := inventory.Cluster(last.ClusterID)
	own := last.own(inventory, stack)
	if own != nil {
		errs.Add("cluster.existing", name, "not set: this stack, or another of its name, created the cluster "+own.Name+
			", which would be deleted with its volumes",
			"pulumi config rm --path 'cluster.existing', and "+UseAnotherStack)
	} else if deployed != nil && (cluster == nil || deployed.ID != cluster.ID) {
		errs.Add("cluster.existing", name, fmt.Sprintf("%s: this stack is deployed there, and moving would delete its "+
			"releases and volumes", deployed.Name),
			keepExisting(deployed.Name))
	}
	return cluster, errs.Err()
}
