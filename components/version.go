package components

import (
	"errors"
	"fmt"
	"strings"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi-digitalocean/sdk/v4/go/digitalocean"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// LookupKubeconfig returns the kubeconfig of a running cluster, with a token that expires after two hours, and whether its
// control plane is highly available; no kubeconfig when the account has no cluster of that name.
func LookupKubeconfig(ctx *pulumi.Context, name string) (kubeconfig []byte, ha bool, err error) {
	live, err := lookupCluster(ctx, name)
	if err != nil || live == nil {
		return nil, false, err
	}
	text, err := tokenKubeconfig(live)
	return []byte(text), live.Ha, err
}

// lookupCluster finds a cluster by name; nil when the account has none of that name.
func lookupCluster(ctx *pulumi.Context, name string) (*digitalocean.LookupKubernetesClusterResult, error) {
	seconds := tokenSeconds
	live, err := digitalocean.LookupKubernetesCluster(ctx, &digitalocean.LookupKubernetesClusterArgs{
		Name: name, KubeconfigExpireSeconds: &seconds,
	})
	if err != nil {
		if strings.Contains(strings.ToLower(err.Error()), "unable to find cluster with name") {
			return nil, nil // the provider's only way to say so
		}
		return nil, fmt.Errorf("looking up the cluster %q: %w", name, err)
	}
	return live, nil
}

// chooseVersion picks the newest DOKS version of the prefix, and tells whether the cluster has to be upgraded to it. A
// living cluster of that prefix keeps its version; one that is ahead of it is an error, since a downgrade would
// replace the cluster.
func chooseVersion(ctx *pulumi.Context, prefix string, live *digitalocean.LookupKubernetesClusterResult) (version string, upgrade bool, err error) {
	if live != nil && matches(live.Version, prefix) {
		return live.Version, false, nil
	}
	if live != nil && newer(live.Version, prefix) {
		return "", false, fmt.Errorf("cluster.version: the cluster runs %s and %q would be a downgrade, which replaces it; set cluster.version to %q",
			live.Version, prefix, minor(live.Version))
	}
	versions, err := digitalocean.GetKubernetesVersions(ctx, &digitalocean.GetKubernetesVersionsArgs{})
	if err != nil {
		return "", false, fmt.Errorf("asking DigitalOcean for its Kubernetes versions: %w", err)
	}
	for _, candidate := range versions.ValidVersions {
		if matches(candidate, prefix) && (version == "" || newer(candidate, version)) {
			version = candidate
		}
	}
	if version == "" {
		return "", false, fmt.Errorf("cluster.version: DigitalOcean offers no Kubernetes %q; allowed: a prefix of %s",
			prefix, strings.Join(versions.ValidVersions, ", "))
	}
	return version, live != nil, nil
}

// matches tells whether version is the prefix or below it: 1.3 is no prefix of 1.34.1-do.0.
func matches(version, prefix string) bool {
	rest, ok := strings.CutPrefix(version, prefix)
	return ok && (rest == "" || strings.HasSuffix(prefix, ".") || rest[0] == '.' || rest[0] == '-')
}

// newer compares slugs such as 1.34.1-do.10, or prefixes of them.
func newer(a, b string) bool {
	left, right := parseSlug(a), parseSlug(b)
	return left.GT(right)
}

// parseSlug reads a slug as a semantic version; what is missing counts as zero.
func parseSlug(slug string) semver.Version {
	core, build, _ := strings.Cut(strings.TrimSuffix(slug, "."), "-")
	for strings.Count(core, ".") < 2 {
		core += ".0"
	}
	if build == "" {
		build = "0"
	}
	version, err := semver.Parse(core + "-" + build)
	if err != nil {
		return semver.Version{}
	}
	return version
}

func minor(version string) string {
	v := parseSlug(version)
	return fmt.Sprintf("%d.%d", v.Major, v.Minor)
}

// refuseReplacement finds what can only change with a new cluster. Losing the cluster must be asked for with a destroy,
// not by editing a setting.
func refuseReplacement(live *digitalocean.LookupKubernetesClusterResult, args *ClusterArgs) error {
	var faults []error
	differs := func(key, is, wanted string) {
		if is != "" && is != wanted {
			faults = append(faults, fmt.Errorf("cluster.%s: %q would replace the living cluster, which has %q; keep it, or destroy the stack first", key, wanted, is))
		}
	}
	differs("region", live.Region, args.Region)
	differs("network.pods", live.ClusterSubnet, args.Network.Pods)
	differs("network.services", live.ServiceSubnet, args.Network.Services)
	for _, pool := range live.NodePools {
		if pool.Name == args.Pools[0].Name {
			differs("pools[0].size", pool.Size, args.Pools[0].Size)
		}
	}
	return errors.Join(faults...)
}
