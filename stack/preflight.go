package stack

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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

// plan is what the account and the cluster make of the settings.
type plan struct {
	preflight.Plan
	installed []incluster.Release // those of the stack that the cluster has; nil unless it was surveyed
	// deferred: only its name or tag shows that the cluster is the stack's. It may belong to others with a stack of the
	// same name, and errors have commands that act in it: it is surveyed after it was compared with the state.
	deferred bool
}

// plan finds the stack's cluster, and checks the settings against the account and against what is in the cluster: what
// pulumi up would replace, lose, or take over from others is an error before the first resource, all of it at once.
func (s Settings) plan(ctx *pulumi.Context, a *account.Account, inventory *account.Inventory, last deployment) (
	plan, error,
) {
	if last.kubeconfig != "" {
		return plan{}, field.Errors{{
			Key:     "cluster.kubeconfig",
			Allowed: last.kubeconfig + ": this stack is deployed there, and moving would delete its releases and volumes",
			Fix: "pulumi config set --path 'cluster.kubeconfig' " + last.kubeconfig + ", and " +
				preflight.UseAnotherStack,
		}}
	}
	var p plan
	var err error
	if s.Cluster.Existing != "" {
		p.Running, err = preflight.Existing(inventory, s.Cluster.Existing, ctx.Stack(), last.Deployment)
	} else {
		_, haGiven := s.given["cluster"]["ha"]
		p.Plan, err = preflight.Cluster(inventory, preflight.Wanted{
			Stack: ctx.Stack(), Last: last.Deployment,
			Name: s.Cluster.Name, Region: s.Cluster.Region, Version: s.Cluster.Version, Network: s.Cluster.Network,
			VPC: s.Cluster.VPC, Pools: s.Cluster.Pools, HA: s.Cluster.HA, HAGiven: haGiven, Project: s.Project.Name,
		}, func(id string) ([]string, error) { return a.Upgrades(ctx.Context(), id) })
	}
	var ofVPC string
	if !p.OtherVPC { // pulumi destroy leaves it
		ofVPC = preflight.DefaultVPC(p.VPC)
	}
	for _, warning := range []string{ofVPC, s.smallPools()} {
		if warning == "" {
			continue
		}
		if err := ctx.Log.Warn(warning, nil); err != nil {
			return p, err
		}
	}
	err = field.Join(err, s.checkCapacity(), s.requireDomain(ctx.Context(), a), s.keepBucket(last, p.Running))
	p.deferred = p.Running != nil && s.Cluster.Existing == "" && last.ClusterID == "" && ctx.DryRun()
	if p.deferred {
		return p, err
	}
	var failed error
	p.installed, failed = s.checkCluster(ctx, a, p.Running, last)
	return p, field.Join(err, failed)
}

// checkCapacity checks the capacity with the sizes as the API has them: Parse knew those whose name says it.
func (s Settings) checkCapacity() error {
	var errs field.Errors
	validateCapacity(s, &errs)
	return errs.Err()
}

// keepBucket refuses to delete the bucket with the logs of a cluster that is gone. Those of one that runs are a matter
// of incluster.Logs.
func (s Settings) keepBucket(last deployment, cluster *godo.KubernetesCluster) error {
	gone := cluster == nil || cluster.ID != last.ClusterID
	if !gone || last.logs.Bucket == "" || s.Logging.Storage == StorageSpaces {
		return nil
	}
	if !s.Logging.Enabled {
		return field.Errors{{
			Key: "logging.enabled", Value: "false",
			Allowed: "true: the logs of the cluster that is gone are in the bucket " + last.logs.Bucket +
				", which would be deleted with them",
			Fix: "pulumi config set --path 'logging.enabled' true, and change it once the new cluster runs",
		}}
	}
	return field.Errors{{
		Key: "logging.storage", Value: s.Logging.Storage,
		Allowed: "spaces: the logs of the cluster that is gone are in the bucket " + last.logs.Bucket +
			", which would be deleted with them",
		Fix: "pulumi config set --path 'logging.storage' spaces, and change it once the new cluster runs",
	}}
}

// checkCluster checks the settings against what is in the cluster; nil is one that is still to be created. It returns
// the stack's releases that the cluster has.
func (s Settings) checkCluster(
	ctx *pulumi.Context, a *account.Account, cluster *godo.KubernetesCluster, last deployment,
) ([]incluster.Release, error) {
	if cluster == nil {
		return s.checkRunning(ctx, &incluster.Cluster{}, s.owner(ctx, "", last))
	}
	if cluster.Status == nil || !slices.Contains(withAPIServer, cluster.Status.State) {
		return nil, nil
	}
	kubeconfig, err := components.Kubeconfig(ctx.Context(), a, cluster.ID)
	if err != nil {
		return nil, err
	}
	access, err := incluster.ParseKubeconfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	running, err := incluster.Survey(ctx.Context(), access)
	if err != nil {
		return nil, locked(cluster, err)
	}
	installed, err := s.checkRunning(ctx, running, s.owner(ctx, cluster.ID, last))
	if err != nil && s.Cluster.Credentials == components.TokenCredentials { // for the commands of the errors
		_, failed := components.WriteKubeconfig(ctx, cluster.ID, kubeconfig)
		err = field.Join(err, failed)
	}
	return installed, err
}

// locked is the error of an API server that does not answer, with the way to it if the cluster's firewall limits who
// asks.
func locked(cluster *godo.KubernetesCluster, err error) error {
	firewall := cluster.ControlPlaneFirewall
	if !errors.Is(err, incluster.ErrUnreachable) || firewall == nil || firewall.Enabled == nil || !*firewall.Enabled {
		return err
	}
	allowed := strings.Join(firewall.AllowedAddresses, ",")
	return fmt.Errorf("%w\n    Its firewall (cluster.apiAllowedCIDRs) admits %s only. "+
		"To admit this machine, add its address to the stack file, then: "+
		"doctl kubernetes cluster update %s --enable-control-plane-firewall=true "+
		"--control-plane-firewall-allowed-addresses %[2]s,<address>/32",
		err, allowed, cluster.ID)
}

// withAPIServer are the states of a cluster whose API server runs. In others the cluster is not complete:
// components.NewCluster has what to do about it.
var withAPIServer = []godo.KubernetesClusterStatusState{
	godo.KubernetesClusterStatusRunning, godo.KubernetesClusterStatusDegraded, godo.KubernetesClusterStatusUpgrading,
}

// owner is the stack with the names it uses in the cluster with that id.
func (s Settings) owner(ctx *pulumi.Context, cluster string, last deployment) incluster.Owner {
	names := s.Namespaces.ByRole()
	owner := incluster.Owner{
		Stack: components.StackID(ctx), Namespaces: s.createdNamespaces(), Names: names, Releases: s.installed(names),
		Provides: s.Cluster.Provides,
	}
	if cluster != "" && last.ClusterID == cluster {
		owner.Former = last.stackID
	}
	return owner
}

// checkRunning runs all checks of what is in the cluster, and returns the stack's releases that it has.
func (s Settings) checkRunning(ctx *pulumi.Context, running *incluster.Cluster, owner incluster.Owner) (
	[]incluster.Release, error,
) {
	off := s.partsOff(owner.Names)
	for _, left := range incluster.Left(running, owner, off) {
		if err := ctx.Log.Warn(left, nil); err != nil {
			return nil, err
		}
	}
	errs := &field.Errors{}
	volumes := s.volumes(owner.Names)
	ours := slices.DeleteFunc(slices.Clone(volumes), func(v incluster.Volume) bool { // addons choose their classes
		role, _ := owner.Names.RoleOf(v.Namespace)
		return slices.Contains(s.Namespaces.addons, role)
	})
	incluster.StorageClass(running, s.Cluster.StorageClass, ours, errs)
	sized := slices.DeleteFunc(volumes, func(v incluster.Volume) bool { return v.Key == "" })
	incluster.Volumes(running, sized, errs)
	if s.Logging.Enabled {
		incluster.Logs(running, owner.Names[components.NamespaceLoki], s.logStore(), s.logRetention(), time.Now(), errs)
	}
	incluster.Parts(running, owner, off, errs)
	incluster.Addons(running, owner, errs)
	incluster.Releases(running, owner.Releases, errs)
	incluster.Ownership(running, owner, errs)
	return incluster.Installed(running, owner), errs.Err()
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

// volumes are the claims of the stack's releases, with the settings that size them.
func (s Settings) volumes(names values.Namespaces) []incluster.Volume {
	var all []incluster.Volume
	for _, claim := range s.claims() {
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

// logRetention is how long Loki keeps logs; validate has checked the setting.
func (s Settings) logRetention() time.Duration {
	kept, _ := period("logging.retention", s.Logging.Retention, 0, &field.Errors{})
	return kept
}
