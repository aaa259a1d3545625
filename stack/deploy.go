// Package stack is one environment: its settings, read from the stack file and validated, and Deploy, which wires the
// components and exports how to reach them.
package stack

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
	"doks-security/values"
)

// Deploy is the whole system: a cluster, what observes it, what guards it, and how people reach it. Settings are
// validated before the first resource, and so are the overrides of Helm values.
func Deploy(ctx *pulumi.Context) error {
	if _, err := values.Releases(); err != nil {
		return err
	}
	settings, source, err := configure(ctx)
	if err != nil {
		return err
	}
	account, inventory, err := settings.openAccount(ctx)
	if err != nil {
		return err
	}
	known := &components.Known{}
	cluster, installed, err := newCluster(ctx, settings, account, inventory, known)
	if err != nil {
		return err
	}
	in, err := newInCluster(ctx, settings, cluster, components.Platform{
		Cluster: settings.clusterName(), Profile: string(settings.Profile), Charts: source,
		Provided: settings.Cluster.Provides, Overrides: settings.overrides(), Installed: installed, Known: known,
		StorageClass: settings.Cluster.StorageClass,
	})
	if err != nil {
		return err
	}
	if err := newNetworkPolicies(in); err != nil {
		return err
	}
	if err := newAdmission(in); err != nil {
		return err
	}
	if err := newPodPolicies(in); err != nil {
		return err
	}
	if err := newApplications(in); err != nil {
		return err
	}
	observability, security, err := newReleases(in, account)
	if err != nil {
		return err
	}
	if err := newOperatorView(in, observability); err != nil {
		return err
	}
	if err := known.Err(ctx); err != nil {
		return err
	}
	export(ctx, settings, cluster, observability, security)
	return exportCost(ctx, settings)
}
