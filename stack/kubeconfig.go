package stack

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
	"doks-security/preflight"
	"doks-security/preflight/incluster"
	"doks-security/stack/field"
)

// external is whether the cluster is managed outside of this stack.
func (c ClusterSettings) external() bool { return c.Existing != "" || c.Kubeconfig != "" }

// loadKubeconfig reads the current context of the setting's file, and returns its name.
func (s Settings) loadKubeconfig(ctx *pulumi.Context) (incluster.Access, string, error) {
	file := s.Cluster.Kubeconfig
	if !filepath.IsAbs(file) {
		file = filepath.Join(ctx.RootDirectory(), file)
	}
	return incluster.LoadKubeconfig(file)
}

// askVersion asks the cluster of a kubeconfig for its version of Kubernetes, for which charts are rendered. A cluster
// that does not answer is an error later, by newKubeconfigCluster: here it is a warning of what is assumed.
func (s *Settings) askVersion(ctx *pulumi.Context) error {
	if s.Cluster.Kubeconfig == "" {
		return nil
	}
	access, _, err := s.loadKubeconfig(ctx)
	if err == nil {
		s.running, err = incluster.Version(ctx.Context(), access)
	}
	if err == nil {
		return nil
	}
	return ctx.Log.Warn(fmt.Sprintf("overrides and addons are checked for Kubernetes %s: the version of the cluster "+
		"of %s is not known: %v", s.kubernetes(), s.Cluster.Kubeconfig, err), nil)
}

// newKubeconfigCluster checks the settings against the cluster of a kubeconfig, and registers it. It returns the
// stack's releases that the cluster has.
func newKubeconfigCluster(ctx *pulumi.Context, s Settings, last deployment) (
	*components.Cluster, []incluster.Release, error,
) {
	file := s.Cluster.Kubeconfig
	access, context, err := s.loadKubeconfig(ctx)
	if err != nil {
		return nil, nil, field.Errors{{Key: "cluster.kubeconfig", Value: file,
			Allowed: "a kubeconfig, by its path from the project's directory or from /", Fix: err.Error()}}
	}
	running, err := incluster.Survey(ctx.Context(), access)
	if err != nil {
		return nil, nil, err
	}
	var errs field.Errors
	id := running.ID()
	switch {
	case last.ClusterID != "" && last.ClusterID != id:
		errs.Add("cluster.kubeconfig", file, "a kubeconfig whose current context is the cluster in which this stack is "+
			"deployed: this is another one, and moving would delete releases and volumes",
			"kubectl config use-context <context> --kubeconfig "+file+", or "+preflight.UseAnotherStack)
	case !supportedMinor(strings.TrimPrefix(running.Version, "v")):
		errs.Add("cluster.kubeconfig", file,
			fmt.Sprintf("a cluster of Kubernetes 1.%d or newer; this one has %s", OldestMinor, running.Version),
			"upgrade it, or name another kubeconfig")
	case !running.HasCilium():
		errs.Add("cluster.kubeconfig", file, "a cluster with Cilium, whose network policies protect the stack",
			"create one with Cilium: docs/existing-cluster.md#any-other-cluster")
	}
	if err := errs.Err(); err != nil {
		return nil, nil, err // the other checks would be about another cluster
	}
	installed, err := s.checkRunning(ctx, running, s.owner(ctx, id, last))
	if err != nil {
		return nil, nil, err
	}
	c, err := components.NewKubeconfigCluster(ctx, logicalName, &components.KubeconfigClusterArgs{
		File: file, Context: context, ID: id, Name: s.Cluster.Name, Version: running.Version,
	})
	return c, installed, err
}
