// Package audit lists what a DigitalOcean account holds that belongs to no stack of this program, and its price.
//
// An object belongs to a stack if the state of a stack has its id, or if it belongs to a cluster that does: its volumes
// and load balancers have the tag k8s:<id of the cluster>, its VPC and project are known to the API. A cluster also
// belongs to the stack that its tag names, doks-security:<stack>, unless the states that were read include that stack
// and not the cluster. Nothing is changed.
package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/digitalocean/godo"

	stacks "doks-security/account"
	"doks-security/stack/catalog"
)

// stackTag begins the tag by which a cluster names its stack.
var stackTag = stacks.StackTag("")

// Account is where to look.
type Account struct {
	Client  *godo.Client
	Buckets func(context.Context) ([]string, error) // nil: the buckets cannot be listed
	States  *States                                 // nil: no state could be read
}

// Finding is an object that belongs to no stack.
type Finding struct {
	Kind, Name, Why string
	USD             float64 // a month; 0 if it is free of charge
}

// Result is what was found.
type Result struct {
	Findings []Finding
	Notes    []string // what could not be known
}

// auditor compares what is there with what is known.
type auditor struct {
	*inventory
	states *States
	Result
	stray map[string]string // why a cluster belongs to no stack, by its id; empty: it belongs to one
}

// Run lists them. What could be listed is returned with the error, which has every list that could not; without the
// clusters nothing is, since nothing else can be distinguished.
func Run(ctx context.Context, account Account) (*Result, error) {
	inventory, err := list(ctx, account.Client)
	if inventory == nil {
		return &Result{}, err
	}
	a := &auditor{inventory: inventory, states: account.States, stray: map[string]string{}}
	if a.states == nil {
		a.note("no state was read: VPCs, projects, buckets, Spaces keys and DNS records may belong to a stack")
	}
	a.clusters()
	a.network()
	a.nodes()
	a.volumes()
	a.loadBalancers()
	a.projects()
	a.records()
	spacesErr := a.spaces(ctx, account.Buckets)
	return &a.Result, errors.Join(err, spacesErr)
}

func (a *auditor) add(kind, name string, usd float64, format string, args ...any) {
	a.Findings = append(a.Findings, Finding{kind, name, fmt.Sprintf(format, args...), usd})
}

func (a *auditor) note(format string, args ...any) {
	a.Notes = append(a.Notes, fmt.Sprintf(format, args...))
}

func (a *auditor) clusters() {
	for _, c := range a.Clusters {
		a.stray[c.ID] = a.whyStray(c)
		if a.stray[c.ID] == "" {
			continue
		}
		usd, nodes := 0.0, 0
		for _, pool := range c.NodePools {
			usd += a.Sizes[pool.Size] * float64(pool.Count)
			nodes += pool.Count
		}
		if c.HA {
			usd += catalog.HighAvailability.USD
		}
		a.add("cluster", c.Name, usd, "id %s, %s, %d nodes; %s", c.ID, c.RegionSlug, nodes, a.stray[c.ID])
	}
}

// whyStray is empty for a cluster of a stack.
func (a *auditor) whyStray(c *godo.KubernetesCluster) string {
	if a.states.has("kubernetesCluster:KubernetesCluster", c.ID) {
		return ""
	}
	name := stacks.StackOf(c.Tags)
	switch {
	case name == "" && a.states == nil:
		return "no tag " + stackTag + "<stack>"
	case name == "":
		return "in no state, no tag " + stackTag + "<stack>"
	}
	if a.states.knows(name) {
		return fmt.Sprintf("its tag names stack %q, whose state does not have it", name)
	}
	if a.states != nil {
		a.note("cluster %s: its tag names stack %q, which is not in this backend", c.Name, name)
	}
	return ""
}

func (a *auditor) network() {
	used := map[string]*godo.KubernetesCluster{}
	for _, c := range a.Clusters {
		if used[c.VPCUUID] == nil || a.stray[c.ID] == "" {
			used[c.VPCUUID] = c
		}
	}
	for _, v := range a.VPCs {
		c := used[v.ID]
		if v.Default || a.states.has("vpc:Vpc", v.ID) || c != nil && a.stray[c.ID] == "" {
			continue
		}
		why := "no cluster in it"
		if c != nil {
			why = "used by cluster " + c.Name
		}
		a.add("VPC", v.Name, 0, "id %s, %s; %s", v.ID, v.IPRange, why)
	}
}

// nodes are Droplets of clusters that are gone; those of clusters are in the clusters' prices.
func (a *auditor) nodes() {
	for _, d := range a.Droplets {
		if why := a.whyGone(d.Tags); why != "" {
			a.add("node", d.Name, a.Sizes[d.SizeSlug], "Droplet %d; %s", d.ID, why)
		}
	}
}

// whyGone is empty for what has no tag of a cluster, or of a cluster that is there.
func (a *auditor) whyGone(tags []string) string {
	id, tagged := clusterOf(tags)
	if _, there := a.stray[id]; !tagged || there {
		return ""
	}
	return "its cluster " + id + " is gone"
}

// clusterOf reads the tag that DOKS gives to what it makes for a cluster.
func clusterOf(tags []string) (id string, found bool) {
	for _, tag := range tags {
		if id, found = strings.CutPrefix(tag, "k8s:"); found && strings.Count(id, "-") == 4 { // other tags: k8s:worker
			return id, true
		}
	}
	return "", false
}

// whyOfCluster is empty for what belongs to a cluster of a stack; untagged says what something without a tag is.
func (a *auditor) whyOfCluster(tags []string, untagged string) string {
	id, tagged := clusterOf(tags)
	if !tagged {
		return untagged
	}
	why, there := a.stray[id]
	switch {
	case !there:
		return a.whyGone(tags)
	case why != "":
		return "of cluster " + id + ", which belongs to no stack"
	}
	return ""
}
