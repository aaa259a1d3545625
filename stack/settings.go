package stack

import (
	"doks-security/account"
	"doks-security/alerting"
	"doks-security/components"
	"doks-security/rules"
	"doks-security/rules/judge"
	"doks-security/stack/field"
)

// Project is the namespace of the configuration keys: the name in Pulumi.yaml.
const Project = field.Project

// Profile sizes the charts: it chooses the overlay in values/ and the defaults below.
type Profile string

const (
	// Dev is one replica of everything and short retentions.
	Dev Profile = "dev"
	// Prod is replicated, spread over nodes, with longer retentions.
	Prod Profile = "prod"
)

// Settings are one environment: everything a stack file can say. Every field is described in Pulumi.yaml.
type Settings struct {
	Profile         Profile
	Project         ProjectSettings
	Cluster         ClusterSettings
	Observability   ObservabilitySettings
	Logging         LoggingSettings
	RuntimeSecurity RuntimeSecuritySettings
	VirtualClusters VirtualClusterSettings
	Namespaces      NamespaceSettings
	Alerting        alerting.Settings
	Forward         ForwardSettings
	Exposure        ExposureSettings
	Charts          ChartSettings

	// given is what the stack file has, by section, where it matters whether a setting is a default.
	given map[string]map[string]any
}

// sections are the objects of a stack file, each with what it is read into.
func (s *Settings) sections() map[string]any {
	return map[string]any{
		"project": &s.Project, "cluster": &s.Cluster, "observability": &s.Observability, "logging": &s.Logging,
		"runtimeSecurity": &s.RuntimeSecurity, "virtualClusters": &s.VirtualClusters,
		"namespaces": &s.Namespaces, "charts": &s.Charts,
		"alerting": &s.Alerting, "forward": &s.Forward, "exposure": &s.Exposure,
	}
}

// ProjectSettings describe the DigitalOcean project the environment's resources are filed under.
type ProjectSettings struct {
	Name        string `json:"name"` // default: the cluster's name
	Description string `json:"description"`
	Environment string `json:"environment"` // Development, Staging or Production; default by profile
}

// ClusterSettings choose between a cluster of this stack's own and an existing one.
type ClusterSettings struct {
	// Existing names a cluster that is looked up instead of created; all other fields but Credentials then stay unset.
	Existing string `json:"existing"`
	// Credentials is how the Kubernetes provider logs in: token (default) or doctl; see docs/decisions.md.
	Credentials components.Credentials `json:"credentials"`

	Name    string `json:"name"` // default: doks-security-<stack>
	Region  string `json:"region"`
	Version string `json:"version"` // prefix of a DOKS version: a minor ("1.34") or an exact slug

	// Network is the address plan; what is not set is chosen from what is free in the account, and then kept.
	Network account.Network   `json:"network"`
	Pools   []components.Pool `json:"pools"` // the first is created with the cluster

	HA                  bool                   `json:"ha"`
	AutoUpgrade         bool                   `json:"autoUpgrade"`
	SurgeUpgrade        bool                   `json:"surgeUpgrade"`
	Maintenance         components.Maintenance `json:"maintenance"`
	APIAllowedCIDRs     []string               `json:"apiAllowedCIDRs"` // empty: the control plane is open to the internet
	RegistryIntegration bool                   `json:"registryIntegration"`
	Tags                []string               `json:"tags"`

	Protect bool `json:"protect"` // default by profile
	// Provides is what the cluster has already and this stack uses instead of installing its own: metrics-server,
	// prometheus-operator-crds, cert-manager.
	Provides []string `json:"provides"`
	// DestroyAssociatedResources deletes the volumes and load balancers Kubernetes made together with the cluster.
	DestroyAssociatedResources bool `json:"destroyAssociatedResources"`
}

// ObservabilitySettings size Prometheus, Alertmanager and Grafana.
type ObservabilitySettings struct {
	PrometheusRetention   string `json:"prometheusRetention"`   // days or hours: 3d, 36h
	PrometheusVolumeGiB   int    `json:"prometheusVolumeGiB"`   // per replica
	AlertmanagerVolumeGiB int    `json:"alertmanagerVolumeGiB"` // per replica
	GrafanaVolumeGiB      int    `json:"grafanaVolumeGiB"`
}

// LoggingSettings place and size Loki's store.
type LoggingSettings struct {
	Storage   string                    `json:"storage"` // volume or spaces
	Retention string                    `json:"retention"`
	VolumeGiB int                       `json:"volumeGiB"` // per replica; with spaces the write-ahead log and the index only
	Spaces    components.SpacesSettings `json:"spaces"`
}

// RuntimeSecuritySettings choose the Falco, what it loads, and where its metrics come from.
type RuntimeSecuritySettings struct {
	// Falco is the minor version: 0.44, or 0.43, the last with the gRPC output. Default: what Metrics needs.
	Falco string `json:"falco"`
	// Metrics is native (Falco and falcosidekick export them) or falco-exporter (end of life, needs Falco 0.43).
	Metrics string `json:"metrics"`
	// Ruleset is which of Falco's own rules are loaded, by maturity: stable, incubating or sandbox, each with those
	// before.
	Ruleset          string `json:"ruleset"`
	UIRetention      string `json:"uiRetention"`
	RedisVolumeGiB   int    `json:"redisVolumeGiB"`
	AlertmanagerFrom string `json:"alertmanagerFrom"` // lowest Falco priority that becomes an Alertmanager alert
	// Rules is a directory of the user's own rules, loaded after ours; see docs/rules.md.
	Rules string `json:"rules"`
}

// VirtualClusterSettings say where virtual clusters may run, what the API server does with others, and whether the demo
// that proves the detection runs.
type VirtualClusterSettings struct {
	Approved  []rules.Approval `json:"approved"`
	Admission string           `json:"admission"` // off, warn or deny
	Demo      bool             `json:"demo"`
}

// ChartSettings say where Helm charts come from.
type ChartSettings struct {
	// Mirror is an https:// Helm repository, an oci:// registry or a directory of <chart>-<version>.tgz archives; empty:
	// the published repositories.
	Mirror string `json:"mirror"`
	// Unverified accepts archives with another sha256 than values/charts.yaml pins, and in profile prod charts without
	// one.
	Unverified bool `json:"unverified"`
}

// defaults are the settings of a stack file that says nothing but its profile.
func defaults(profile Profile, stack string) Settings {
	s := Settings{
		Profile: profile,
		Project: ProjectSettings{
			Description: "Watched Kubernetes cluster: Prometheus, Loki, Falco",
			Environment: "Development",
		},
		Cluster: ClusterSettings{
			Credentials:                components.TokenCredentials,
			Name:                       Project + "-" + stack,
			Region:                     "fra1",
			Version:                    "1.34",
			SurgeUpgrade:               true,
			AutoUpgrade:                true,
			Maintenance:                components.Maintenance{Day: "sunday", Start: "04:00"},
			DestroyAssociatedResources: true,
		},
		Observability: ObservabilitySettings{
			PrometheusRetention: "3d", PrometheusVolumeGiB: 10, AlertmanagerVolumeGiB: 1, GrafanaVolumeGiB: 5,
		},
		Logging: LoggingSettings{Storage: StorageVolume, Retention: "3d", VolumeGiB: 10},
		RuntimeSecurity: RuntimeSecuritySettings{
			Metrics: components.NativeMetrics, Ruleset: judge.Stable, UIRetention: "3d", RedisVolumeGiB: 1,
			AlertmanagerFrom: "error",
		},
		VirtualClusters: VirtualClusterSettings{Admission: components.AdmissionWarn},
		Exposure:        ExposureSettings{Mode: components.Private},
	}
	if profile == Prod {
		s.Project.Environment = "Production"
		s.Cluster.HA = true
		s.Cluster.Protect = true
		s.Observability = ObservabilitySettings{
			PrometheusRetention: "15d", PrometheusVolumeGiB: 50, AlertmanagerVolumeGiB: 1, GrafanaVolumeGiB: 10,
		}
		s.Logging.Retention, s.Logging.VolumeGiB = "30d", 20
		s.RuntimeSecurity.UIRetention, s.RuntimeSecurity.RedisVolumeGiB = "14d", 5
		s.RuntimeSecurity.AlertmanagerFrom = "warning"
	}
	return s
}
