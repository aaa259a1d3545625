package stack

import (
	"maps"
	"slices"

	"doks-security/components"
	"doks-security/preflight/incluster"
	"doks-security/values"
)

// options are the settings that releases and their connections depend on.
func (s Settings) options() []values.Option {
	return slices.DeleteFunc(slices.Clone(values.Options), func(o values.Option) bool {
		return !map[values.Option]bool{
			values.WithSpaces:        s.Logging.Storage == StorageSpaces,
			values.WithSpacesFrom:    s.Logging.Storage == StorageSpaces && s.Logging.Spaces.From != "",
			values.WithGateway:       s.Exposure.Mode == components.ByGateway,
			values.WithFalcoExporter: s.RuntimeSecurity.Metrics == components.FalcoExporter,
			values.WithDemo:          s.VirtualClusters.Demo,
			values.WithResponse:      s.Response.Enabled,
			values.WithCapture:       s.RuntimeSecurity.Capture != nil,

			values.WithoutLogging:         !s.Logging.Enabled,
			values.WithoutRuntimeSecurity: !s.RuntimeSecurity.Enabled,
			values.WithoutUI:              !s.hasUI(),
			values.WithoutGrafana:         !s.Observability.Grafana,
			values.WithoutIssuer:          s.Exposure.Certificates.SecretName != "",
		}[o]
	})
}

// releases are those the chosen parts and the addons install, by folder.
func (s Settings) releases() values.Set {
	all, options := maps.Clone(s.set()), s.options()
	maps.DeleteFunc(all, func(folder string, r values.Release) bool {
		return s.provided(folder) || !r.IsInstalled(options)
	})
	return all
}

// rendered is what the stack's releases request and claim, in the order of their folders: as values/rendered.yaml has
// it or, of addons and where overrides change a release, as its chart was rendered.
func (s Settings) rendered() []values.Rendered {
	var all []values.Rendered
	for _, folder := range s.releases().Folders() {
		if customized, ok := s.customized[folder]; ok {
			all = append(all, customized.rendered)
			continue
		}
		// its error is one of Releases
		known, _ := values.RenderedOf([]string{folder}, string(s.Profile), s.options()...)
		if folder == "kube-prometheus-stack" && s.Observability.Grafana && len(s.Observability.Applications) > 0 {
			for i := range known {
				known[i].Shared = known[i].Shared.Plus(components.ApplicationDashboardsRequest, 1)
			}
		}
		all = append(all, known...)
	}
	return all
}

// provided reports whether the cluster has what a release would bring.
func (s Settings) provided(release string) bool { return slices.Contains(s.Cluster.Provides, release) }

// installed are the releases with the names of their namespaces.
func (s Settings) installed(names values.Namespaces) []incluster.Release {
	var all []incluster.Release
	releases := s.releases()
	for _, folder := range releases.Folders() {
		all = append(all, incluster.Release{Name: releases[folder].Release, Namespace: names[releases[folder].Namespace]})
	}
	return all
}

// createdNamespaces are the names of the namespaces of the releases and of the Gateway, by role.
func (s Settings) createdNamespaces() values.Namespaces {
	names, created := s.Namespaces.ByRole(), values.Namespaces{}
	if s.Exposure.Mode == components.ByGateway {
		created[components.NamespaceGateway] = names[components.NamespaceGateway]
	}
	for _, r := range s.releases() {
		for _, role := range append(r.AlsoIn, r.Namespace) {
			created[role] = names[role]
		}
	}
	return created
}

// exemptNamespaces are those in which virtual clusters are never denied: what observes the cluster must start whatever
// the admission policy does. Those of tenants and addons are not among them.
func (s Settings) exemptNamespaces() []string {
	var exempt []string
	all, created := s.set().Namespaces(), s.createdNamespaces()
	for _, role := range created.Roles() {
		if !all[role].Tenant && !all[role].Addon {
			exempt = append(exempt, created[role])
		}
	}
	return exempt
}
