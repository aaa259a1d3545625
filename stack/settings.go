package stack

import (
	"reflect"

	"doks-security/account"
	"doks-security/alerting"
	"doks-security/components"
	"doks-security/stack/field"
	"doks-security/values"
)

// Project is the namespace of the configuration keys: the name in Pulumi.yaml.
const Project = field.Project

// Profile sizes the charts: it chooses the overlay in values/ and the defaults of the settings.
type Profile string

const (
	// Dev is one replica of everything and short retentions.
	Dev Profile = "dev"
	// Prod is replicated, spread over nodes, with longer retentions.
	Prod Profile = "prod"
)

// Settings are one environment: everything a stack file can say. The fields declare the settings, with the tags of
// field.Setting; the JSON schema, docs/settings.md and Pulumi.yaml are generated from them.
type Settings struct {
	// Sizes every chart and chooses the defaults: dev (one replica, short retention) or prod (replicated).
	Profile Profile `json:"profile" default:"dev" format:"profile"`
	// The DigitalOcean project of the environment's resources.
	Project ProjectSettings `json:"project"`
	// The DOKS cluster: one that the stack creates, or an existing one.
	Cluster ClusterSettings `json:"cluster"`
	// Sizes of Prometheus, Alertmanager and Grafana.
	Observability ObservabilitySettings `json:"observability"`
	// Where Loki stores logs, and for how long.
	Logging LoggingSettings `json:"logging"`
	// Falco: its version, rules and metrics.
	RuntimeSecurity RuntimeSecuritySettings `json:"runtimeSecurity"`
	// What Falco Talon does with the pods of Falco's events.
	Response ResponseSettings `json:"response"`
	// Where virtual clusters may run, and what the API server does with others.
	VirtualClusters VirtualClusterSettings `json:"virtualClusters"`
	// What the API server asks of pods: tags and digests of images, registries, requests, no access to the node.
	Policies PolicySettings `json:"policies"`
	// Names of the stack's namespaces, for a cluster that has a team's own monitoring or falco. Set them before the first
	// pulumi up: a running stack keeps its names.
	Namespaces NamespaceSettings `json:"namespaces"`
	// Receivers of alerts, and a dead man's switch.
	Alerting alerting.Settings `json:"alerting"`
	// Stores outside of the cluster that get metrics and events. Not set: nothing leaves the cluster.
	Forward ForwardSettings `json:"forward"`
	// How people reach Grafana and falcosidekick-ui: kubectl port-forward, or a Gateway behind an identity provider.
	Exposure ExposureSettings `json:"exposure"`
	// Where Helm charts come from.
	Charts ChartSettings `json:"charts"`
	// Helm releases of your own, in the directory addons/ (docs/addons.md).
	Addons AddonSettings `json:"addons"`

	// given is what the stack file has, by section, where it matters whether a setting is a default.
	given map[string]map[string]any
	// running is the version of Kubernetes of the cluster of a kubeconfig: v1.34.1. Empty: it was not asked.
	running string
	// offer is what DigitalOcean offers the account; empty without an account.
	offer account.Offer
	// folders are the releases of values/ and the enabled addons; nil: those of values/.
	folders values.Set
	// customized are the releases that overrides change, and the addons, by folder.
	customized map[string]customized
}

// sections are the objects of a stack file, each with what it is read into.
func (s *Settings) sections() map[string]any {
	all, value := map[string]any{}, reflect.ValueOf(s).Elem()
	for _, setting := range formats.Settings(value.Type()) {
		if setting.Type.Kind() == reflect.Struct {
			all[setting.Key] = value.FieldByName(setting.Name).Addr().Interface()
		}
	}
	return all
}

// ProjectSettings describe the DigitalOcean project the environment's resources are filed under.
type ProjectSettings struct {
	// Name of the project, unique in the account.
	Name string `json:"name" default:"{cluster.name}" maxLength:"175"`
	// Description of the project.
	Description string `json:"description" default:"Watched Kubernetes cluster: Prometheus, Loki, Falco" maxLength:"255"`
	// What DigitalOcean shows as the project's environment.
	Environment string `json:"environment" default:"Development" prod:"Production" enum:"Development,Staging,Production"`
}

// ClusterSettings choose between a cluster of this stack's own and an existing one.
type ClusterSettings struct {
	// Name of a cluster that is looked up instead of created. Only credentials, provides and storageClass may be set with
	// it.
	Existing string `json:"existing" format:"existingCluster"`
	// Path of a kubeconfig, from the project's directory or from /: the cluster of its current context is used, whoever
	// runs it, and nothing of DigitalOcean. Only name, provides and storageClass may be set with it.
	Kubeconfig string `json:"kubeconfig" format:"kubeconfig"`
	// How the Kubernetes provider logs in: with a token of two hours, or through doctl (docs/decisions/cluster.md).
	Credentials components.Credentials `json:"credentials" default:"token" enum:"token,doctl"`

	// Name of the cluster.
	Name string `json:"name" default:"doks-security-{stack}" format:"clusterName"`
	// DigitalOcean's region, one with Kubernetes. It cannot be changed.
	Region string `json:"region" default:"fra1" format:"region"`
	// Version of Kubernetes: a minor ("1.34", in quotes), whose newest patch is installed, or an exact slug.
	Version string `json:"version" default:"1.34" format:"version"`

	// An existing VPC instead of one of the cluster's own: its id, or default for the default VPC of the region. Others
	// may share it, and pulumi destroy leaves it. It cannot be changed.
	VPC string `json:"vpc" format:"vpc"`
	// Addresses of the cluster. Not set: free networks of the account are chosen, and then kept.
	Network account.Network `json:"network"`
	// Node pools; the first is created with the cluster and runs the stack. Required without existing and kubeconfig.
	Pools []components.Pool `json:"pools" format:"pools" minItems:"1"`

	// A highly available control plane, which DigitalOcean charges for. It cannot be switched off.
	HA bool `json:"ha" default:"false" prod:"true"`
	// DigitalOcean installs patches of Kubernetes in the maintenance window.
	AutoUpgrade bool `json:"autoUpgrade" default:"true"`
	// An upgrade adds nodes before it drains others.
	SurgeUpgrade bool `json:"surgeUpgrade" default:"true"`
	// The weekly window of automatic upgrades.
	Maintenance components.Maintenance `json:"maintenance"`
	// IPv4 networks that reach the control plane, those of the machines that run Pulumi among them. Not set: it is open to
	// the internet.
	APIAllowedCIDRs []string `json:"apiAllowedCIDRs"`
	// Nodes may pull from the account's container registry.
	RegistryIntegration bool `json:"registryIntegration" default:"false"`
	// Tags of the cluster and its nodes, in addition to the stack's own.
	Tags []string `json:"tags" format:"tag"`

	// The cluster, its VPC, project and bucket cannot be deleted by pulumi destroy.
	Protect bool `json:"protect" default:"false" prod:"true"`
	// StorageClass of the stack's volumes. It cannot be changed for volumes that exist.
	StorageClass string `json:"storageClass" default:"do-block-storage" format:"class" example:"do-block-storage-xfs"`
	// What the cluster has already and this stack uses instead of installing its own.
	Provides []string `json:"provides" format:"provided"`
	// Deletes the volumes and load balancers that Kubernetes created together with the cluster.
	DestroyAssociatedResources bool `json:"destroyAssociatedResources" default:"true"`
}

// ChartSettings say where Helm charts come from.
type ChartSettings struct {
	// An https:// Helm repository, an oci:// registry or a directory of <chart>-<version>.tgz archives. Not set: the
	// published repositories.
	Mirror string `json:"mirror"`
	// Accepts archives with another sha256 than values/<release>/chart.yaml pins and, in profile prod, charts without one.
	Unverified bool `json:"unverified" default:"false"`
}
