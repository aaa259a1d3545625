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
	Stack    string // the Pulumi stack's name
	Previous string // id of the cluster in which the stack was deployed last, from its outputs; empty before the first time
	Name     string
	Region   string
	Version  string          // prefix or exact slug
	Network  account.Network // empty fields: chosen here
	Pools    []components.Pool
	HA       bool
	HAGiven  bool // the stack file has cluster.ha; otherwise it is the profile's default
}

// Plan is what the account makes of the settings.
type Plan struct {
	// Running is the stack's cluster; nil when it is still to be created.
	Running *godo.KubernetesCluster
	// VPC is the running cluster's, or the one that already has the cluster's name.
	VPC     *godo.VPC
	Network account.Network
	// Version is the slug to create the cluster with or, with Upgrade, to upgrade it to.
	Version string
	Upgrade bool
}

// Cluster finds the stack's cluster and checks that the settings can be applied to it in place. upgrades are the versions
// the running cluster can be upgraded to; it is asked only when an upgrade is wanted.
func Cluster(inventory *account.Inventory, w Wanted, upgrades func(clusterID string) ([]string, error)) (Plan, error) {
	var errs field.Errors
	running := w.find(inventory, &errs)
	plan := Plan{Running: running, VPC: inventory.VPCNamed(w.Name), Network: w.Network}
	if running != nil {
		plan.VPC = inventory.VPC(running.VPCUUID)
		replacement(running, plan.VPC, w, &errs)
		highAvailability(running.HA, w.HA, w.HAGiven, &errs)
		plan.Network = account.Network{Pods: running.ClusterSubnet, Services: running.ServiceSubnet}
		if plan.VPC != nil {
			plan.Network.VPC = plan.VPC.IPRange
		}
	} else {
		plan.Network = network(inventory, plan.VPC, w, &errs)
		firstVPC(inventory, plan.VPC, w, &errs)
	}
	sizes(inventory.Sizes, running, w, &errs)
	var err error
	plan.Version, plan.Upgrade, err = version(w.Version, running, inventory.Versions, upgrades, &errs)
	if err != nil {
		return plan, err
	}
	return plan, errs.Err()
}

// find looks for the cluster by the id of the last deployment, by the stack's tag, then by its name. Which of them the
// state knows is seen only when the cluster is registered: components.NewCluster compares.
func (w Wanted) find(inventory *account.Inventory, errs *field.Errors) *godo.KubernetesCluster {
	running := inventory.Cluster(w.Previous)
	if running == nil {
		running = inventory.ClusterTagged(account.StackTag(w.Stack))
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
			"pulumi config set --path 'cluster.name' <another name>")
		return running
	}
	return named
}

// otherStack is the stack that a cluster is tagged with, if it is not this one.
func otherStack(cluster *godo.KubernetesCluster, stack string) string {
	own := account.StackTag(stack)
	prefix := account.StackTag("")
	for _, tag := range cluster.Tags {
		if strings.HasPrefix(tag, prefix) && tag != own {
			return strings.TrimPrefix(tag, prefix)
		}
	}
	return ""
}

// Deployment is the stack's last one; zero before the first.
type Deployment struct {
	ClusterID string
	Stack     string // the Pulumi stack's name at that time: another one since pulumi stack rename
	PaysNodes bool   // its cost had nodes, which are those of a cluster that it created
}

// Existing finds the cluster of cluster.existing, and checks that the stack is not deployed in another one: its releases
// would be deleted there, with their volumes. Nor can it be the cluster that the stack itself created: out of the program, it
// would be deleted.
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
	own := inventory.ClusterTagged(account.StackTag(stack))
	if own == nil && deployed != nil && (last.PaysNodes || slices.Contains(deployed.Tags, account.StackTag(last.Stack))) {
		own = deployed
	}
	if own != nil {
		errs.Add("cluster.existing", name, "not set: this stack created the cluster "+own.Name+
			", and would delete it with its volumes to use another one",
			"pulumi config rm --path 'cluster.existing', and deploy into the other cluster from a new stack: make env NAME=<name>")
	} else if deployed != nil && (cluster == nil || deployed.ID != cluster.ID) {
		errs.Add("cluster.existing", name, fmt.Sprintf("%s: this stack is deployed there, and moving would delete its releases and volumes", deployed.Name),
			"pulumi config set --path 'cluster.existing' "+deployed.Name+", and deploy into the other cluster from a new stack: make env NAME=<name>")
	}
	return cluster, errs.Err()
}
