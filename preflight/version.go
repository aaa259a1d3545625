package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/blang/semver"
	"github.com/digitalocean/godo"

	"doks-security/stack/field"
)

// version chooses the version to create the cluster with, or to upgrade it to. A running cluster keeps its version as
// long as its minor is the wanted one and its patch is not older than an exact wanted one: DigitalOcean's automatic
// upgrades of patches are no change.
func version(wanted string, running *godo.KubernetesCluster, offered []string, upgrades func(string) ([]string, error),
	errs *field.Errors) (slug string, upgrade bool, err error) {
	if running == nil {
		if slug = newest(offered, wanted); slug == "" {
			errs.Add("cluster.version", wanted, "a version that DigitalOcean offers, or a prefix of one: "+
				strings.Join(offered, ", "),
				"pulumi config set --path 'cluster.version' "+settledMinor(minors(offered)))
		}
		return slug, false, nil
	}
	is, asked := parseSlug(running.VersionSlug), parseSlug(wanted)
	keep := "pulumi config set --path 'cluster.version' " + minor(running.VersionSlug)
	switch steps := int64(asked.Minor) - int64(is.Minor); {
	case matches(running.VersionSlug, wanted) || steps == 0 && is.GE(asked):
		return running.VersionSlug, false, nil
	case asked.LT(is):
		errs.Add("cluster.version", wanted,
			fmt.Sprintf("%s or later: the cluster runs %s, and an older version would replace it", minor(running.VersionSlug),
				running.VersionSlug), keep)
		return running.VersionSlug, false, nil
	case steps > 1:
		errs.Add("cluster.version", wanted, fmt.Sprintf("1.%d: the cluster runs %s, and DigitalOcean upgrades one "+
			"minor at a time", is.Minor+1, running.VersionSlug),
			fmt.Sprintf("pulumi config set --path 'cluster.version' 1.%d, pulumi up, then the next", is.Minor+1))
		return running.VersionSlug, false, nil
	}
	available, err := upgrades(running.ID)
	if err != nil {
		return "", false, err
	}
	if slug = newest(available, wanted); slug == "" {
		if len(available) == 0 {
			errs.Add("cluster.version", wanted, running.VersionSlug+": DigitalOcean offers no upgrade of this cluster now", keep)
			return running.VersionSlug, false, nil
		}
		errs.Add("cluster.version", wanted, fmt.Sprintf("an upgrade that DigitalOcean offers from %s: %s",
			running.VersionSlug, strings.Join(available, ", ")),
			"pulumi config set --path 'cluster.version' "+available[0]+", pulumi up, then the version you want")
		return running.VersionSlug, false, nil
	}
	return slug, true, nil
}

// newest is the newest of the versions that the prefix matches; empty when none does.
func newest(versions []string, prefix string) (found string) {
	for _, candidate := range versions {
		if matches(candidate, prefix) && (found == "" || parseSlug(candidate).GT(parseSlug(found))) {
			found = candidate
		}
	}
	return found
}

// matches reports whether version is the prefix or below it: 1.3 is no prefix of 1.34.1-do.0.
func matches(version, prefix string) bool {
	rest, ok := strings.CutPrefix(version, prefix)
	return ok && (rest == "" || strings.HasSuffix(prefix, ".") || rest[0] == '.' || rest[0] == '-')
}

// parseSlug reads a slug such as 1.34.1-do.10, or a prefix of one, as a semantic version; what is missing counts as
// zero.
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

// minors are the minor versions among slugs, the newest first.
func minors(slugs []string) []string {
	sorted := slices.Clone(slugs)
	slices.SortFunc(sorted, func(a, b string) int { return parseSlug(b).Compare(parseSlug(a)) })
	for i, slug := range sorted {
		sorted[i] = minor(slug)
	}
	return slices.Compact(sorted)
}

// settledMinor is the second newest minor, which is the one with the most patches; or the only one.
func settledMinor(minors []string) string {
	if len(minors) > 1 {
		return minors[1]
	}
	return strings.Join(minors, "")
}
