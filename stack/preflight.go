package stack

import (
	"slices"
	"time"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/account"
	"doks-security/components"
	"doks-security/preflight"
	"doks-security/preflight/incluster"
	"doks-security/stack/field"
	"doks-security/values"
)

// plan finds the stack's cluster, and checks the settings against the account and against what is in the cluster: what
// pulumi up would replace, lose, or take over from others is an error before the first resource, all of it at once.
func (s Settings) plan(ctx *pulumi.Context, a *account.Account) (preflight.Plan, error) {
	inventory, err := a.Inventory(ctx.Context())
	if err != nil {
		return preflight.Plan{}, err
	}
	last, err := lastDeployment(ctx)
	if err != nil {
		return preflight.Plan{}, err
	}
	var plan preflight.Plan
	if s.Cluster.Existing != "" {
		plan.Running, err = preflight.Existing(inventory, s.Cluster.Existing, ctx.Stack(), last.Deployment)
	} else {
		_, haGiven := s.given["cluster"]["ha"]
		plan, err = preflight.Cluster(inventory, preflight.Wanted{
			Stack: ctx.Stack(), Previous: last.ClusterID, Name: s.Cluster.Name, Region: s.Cluster.Region, Version: s.Cluster.Version,
			Network: s.Cluster.Network, Pools: s.Cluster.Pools, HA: s.Cluster.HA, HAGiven: haGiven,
		}, func(id string) ([]string, error) { return a.Upgrades(ctx.Context(), id) })
	}
	if warning := preflight.DefaultVPC(plan.VPC); warning != "" {
		if err := ctx.Log.Warn(warning, nil); err != nil {
			return plan, err
		}
	}
	return plan, field.Join(s.requireDomain(ctx.Context(), a), err, s.checkCluster(ctx, a, plan.Running, last))
}

// checkCluster checks the settings against what is in the cluster; nil is one that is still to be created. Before the first
// deployment a cluster that looks like the stack's may be that of others with a stack of the same name: a preview does not ask
// it, since errors have commands that act in it. components.NewCluster then compares it with the state.
func (s Settings) checkCluster(ctx *pulumi.Context, a *account.Account, cluster *godo.KubernetesCluster, last deployment) error {
	if cluster == nil {
		return s.checkRunning(&incluster.Cluster{}, components.StackID(ctx), "")
	}
	if ctx.DryRun() && s.Cluster.Existing == "" && last.ClusterID == "" {
		return nil
	}
	if cluster.Status == nil || !slices.Contains(withAPIServer, cluster.Status.State) {
		return nil
	}
	kubeconfig, err := components.Kubeconfig(ctx.Context(), a, cluster.ID)
	if err != nil {
		return err
	}
	running, err := incluster.Survey(ctx.Context(), kubeconfig)
	if err != nil {
		return err
	}
	former := ""
	if last.ClusterID == cluster.ID {
		former = last.stackID
	}
	err = s.checkRunning(running, components.StackID(ctx), former)
	if err != nil && s.Cluster.Credentials == components.TokenCredentials { // for the commands of the errors
		_, failed := components.WriteKubeconfig(ctx, cluster.ID, kubeconfig)
		return field.Join(err, failed)
	}
	return err
}

// withAPIServer are the states of a cluster whose API server runs. In others the cluster is not complete: components.NewCluster
// has what to do about it.
var withAPIServer = []godo.KubernetesClusterStatusState{
	godo.KubernetesClusterStatusRunning, godo.KubernetesClusterStatusDegraded, godo.KubernetesClusterStatusUpgrading,
}

// checkRunning runs all checks of what is in the cluster. former is the stack's id when it was deployed there last.
func (s Settings) checkRunning(running *incluster.Cluster, stack, former string) error {
	errs := &field.Errors{}
	names := s.Namespaces.ByRole()
	incluster.Volumes(running, s.volumes(names), errs)
	incluster.Logs(running, names[components.NamespaceLoki], s.logStore(), s.logRetention(), time.Now(), errs)
	releases := s.installed(names)
	incluster.Releases(running, releases, errs)
	incluster.Ownership(running, incluster.Owner{
		Stack: stack, Former: former, Namespaces: s.createdNamespaces(), Names: names, Releases: releases, Provides: s.Cluster.Provides,
	}, errs)
	return errs.Err()
}

// claims are the claims of the stack's releases, with their sizes.
func (s Settings) claims() []values.Claim {
	var all []values.Claim
	for _, r := range s.rendered() {
		for _, claim := range r.Claims {
			if claim.Setting != "" {
				claim.GiB = formats.Int(&s, claim.Setting)
			}
			all = append(all, claim)
		}
	}
	return all
}

// volumes are the claims that settings size.
func (s Settings) volumes(names values.Namespaces) []incluster.Volume {
	var all []incluster.Volume
	for _, claim := range s.claims() {
		if claim.Setting == "" {
			continue
		}
		growth := incluster.ByHelm
		switch {
		case claim.Operator:
			growth = incluster.ByOperator
		case claim.StatefulSet != "":
			growth = incluster.ByHand
		}
		all = append(all, incluster.Volume{
			Key: claim.Setting, GiB: claim.GiB, Growth: growth,
			Namespace: names[claim.Namespace], Claim: claim.Name, StatefulSet: claim.StatefulSet,
		})
	}
	return all
}

func (s Settings) logStore() incluster.LogStore {
	if s.Logging.Storage != StorageSpaces {
		return incluster.LogStore{}
	}
	return incluster.LogStore(s.Logging.Spaces)
}

// logRetention is how long Loki keeps logs; validate has judged the setting.
func (s Settings) logRetention() time.Duration {
	kept, _ := period("logging.retention", s.Logging.Retention, 0, &field.Errors{})
	return kept
}
