package stack

import (
	"maps"

	"doks-security/components"
	"doks-security/falcosidekick"
	"doks-security/rules"
)

// RuntimeSecuritySettings choose the Falco, what it loads, and where its metrics come from.
type RuntimeSecuritySettings struct {
	// Installs Falco and falcosidekick. All others are for true.
	Enabled bool `json:"enabled" default:"true"`
	// Installs falcosidekick-ui with its Redis.
	UI bool `json:"ui" default:"true"`
	// Minor version of Falco. 0.43 is the last with the gRPC output, and the default with metrics: falco-exporter.
	Falco string `json:"falco" default:"0.44" enum:"0.44,0.43"`
	// Source of metrics: Falco and falcosidekick themselves, or falco-exporter (end of life, needs Falco 0.43).
	Metrics string `json:"metrics" default:"native" enum:"native,falco-exporter"`
	// Which of Falco's own rules are loaded, by maturity; each includes those before.
	Ruleset string `json:"ruleset" default:"stable" format:"ruleset"`
	// How long falcosidekick-ui keeps events: days or hours.
	UIRetention string `json:"uiRetention" default:"3d" prod:"14d" example:"2d" format:"period"`
	// Volume of falcosidekick-ui's Redis, in GiB.
	RedisVolumeGiB int `json:"redisVolumeGiB" default:"1" prod:"5" min:"1" max:"1024" unit:"GiB"`
	// The lowest priority of Falco that becomes an alert.
	AlertmanagerFrom string `json:"alertmanagerFrom" default:"error" prod:"warning" format:"priority"`
	// Other outputs of falcosidekick, with the keys of its documentation: {splunk: {host: ..., token: ...}}.
	Outputs falcosidekick.Outputs `json:"outputs"`
	// A directory of your own rules, relative to the project, loaded after those of this repository (docs/own-rules.md).
	Rules string `json:"rules"`
	// The system calls that follow an event of some rules, in files that Falco writes (docs/capture.md). Not set: nothing
	// is captured.
	Capture *CaptureSettings `json:"capture"`
}

// newRuntimeSecurity is nil without Falco.
func newRuntimeSecurity(in inCluster, observability *components.Observability) (*components.RuntimeSecurity, error) {
	if !in.settings.RuntimeSecurity.Enabled {
		return nil, nil
	}
	loaded, err := in.settings.Rules()
	if err != nil {
		return nil, err
	}
	s := in.settings.RuntimeSecurity
	return components.NewRuntimeSecurity(in.ctx, logicalName, &components.RuntimeSecurityArgs{
		Platform: in.platform, Namespaces: in.namespaces, Observability: observability,
		Falco: s.Falco, Metrics: s.Metrics, Rules: loaded,
		Ruleset:          s.Ruleset,
		UIRetention:      s.UIRetention,
		RedisVolumeGiB:   s.RedisVolumeGiB,
		AlertmanagerFrom: s.AlertmanagerFrom,
		Forward:          in.settings.Forward.events(),
		WithoutUI:        !s.UI,
		WithoutGrafana:   !in.settings.Observability.Grafana,
		Outputs:          s.Outputs.Environment(),
		Response:         in.settings.Response.Enabled,
		Capture:          s.Capture.component(),
	}, in.options...)
}

// Rules are what Falco loads after its own: ours, what is approved, the images of addons, the user's, and which of all
// these lead to a capture.
func (s Settings) Rules() (map[string]string, error) {
	loaded, err := rules.Files(s.RuntimeSecurity.Ruleset, s.VirtualClusters.Approved)
	if err == nil {
		maps.Copy(loaded, rules.APIClients(s.apiClients()))
		maps.Copy(loaded, rules.Captures(s.RuntimeSecurity.Capture.rules()))
	}
	if err != nil || s.RuntimeSecurity.Rules == "" {
		return loaded, err
	}
	users, _, err := rules.UserFiles(s.RuntimeSecurity.Rules, s.RuntimeSecurity.Ruleset) // checked by validate
	maps.Copy(loaded, users)
	return loaded, err
}
