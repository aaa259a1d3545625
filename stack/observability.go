package stack

import "doks-security/components"

// ObservabilitySettings size Prometheus, Alertmanager and Grafana.
type ObservabilitySettings struct {
	// Installs Grafana, with the dashboards.
	Grafana bool `json:"grafana" default:"true"`
	// How long Prometheus keeps metrics: days or hours.
	PrometheusRetention string `json:"prometheusRetention" default:"3d" prod:"15d" example:"2d" format:"period"`
	// Volume of each replica of Prometheus, in GiB.
	PrometheusVolumeGiB int `json:"prometheusVolumeGiB" default:"10" prod:"50" min:"2" max:"16384" unit:"GiB"`
	// Volume of each replica of Alertmanager, in GiB.
	AlertmanagerVolumeGiB int `json:"alertmanagerVolumeGiB" default:"1" min:"1" max:"1024" unit:"GiB"`
	// Volume of Grafana, in GiB.
	GrafanaVolumeGiB int `json:"grafanaVolumeGiB" default:"5" prod:"10" min:"1" max:"1024" unit:"GiB"`
	// Namespaces of applications whose ServiceMonitors, PodMonitors, PrometheusRules, AlertmanagerConfigs and dashboards
	// are used (docs/applications.md).
	Applications []string `json:"applications" format:"applicationNamespace"`
}

func newObservability(in inCluster) (*components.Observability, error) {
	s := in.settings
	alertmanager, err := s.Alerting.Config(s.alertLinks())
	if err != nil {
		return nil, err
	}
	return components.NewObservability(in.ctx, logicalName, &components.ObservabilityArgs{
		Platform: in.platform, Namespaces: in.namespaces,
		PrometheusRetention:   s.Observability.PrometheusRetention,
		PrometheusVolumeGiB:   s.Observability.PrometheusVolumeGiB,
		AlertmanagerVolumeGiB: s.Observability.AlertmanagerVolumeGiB,
		GrafanaVolumeGiB:      s.Observability.GrafanaVolumeGiB,
		AlertmanagerConfig:    alertmanager,
		RemoteWrite:           s.Forward.metrics(),
		GrafanaLogin:          s.Exposure.grafanaLogin(),
		WithoutGrafana:        !s.Observability.Grafana,
		WithoutLogs:           !s.Logging.Enabled,
		Applications:          s.Observability.Applications,
	}, in.options...)
}

// newApplications creates the policy for the monitors of applications, if there are any.
func newApplications(in inCluster) error {
	namespaces := in.settings.Observability.Applications
	if len(namespaces) == 0 {
		return nil
	}
	_, err := components.NewApplications(in.ctx, logicalName, namespaces, in.options...)
	return err
}
