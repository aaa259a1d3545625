package stack

import (
	"strings"

	"doks-security/components"
	"doks-security/rules"
	"doks-security/stack/field"
)

// CaptureSettings say which events lead to a capture.
type CaptureSettings struct {
	// Names of Falco's rules: at an event of one of them, Falco begins to write the system calls of the node to a file in
	// its pod.
	Rules []string `json:"rules" required:"true" format:"captureRules" minItems:"1"`
	// How long a capture lasts after the last event of any rule, in seconds.
	Seconds int `json:"seconds" default:"10" min:"1" max:"300" unit:"seconds"`
	// What the captures of a node may take of its disk, in MiB: the oldest are deleted.
	KeepMiB int `json:"keepMiB" default:"500" min:"25" max:"10240" unit:"MiB"`
}

// What an error says where there are none.
const (
	captureRules    = "names of Falco's rules, at least one: without them nothing is captured"
	captureRulesFix = "rules: [Terminal shell in container], or pulumi config rm --path 'runtimeSecurity.capture'"
)

// rules are none without a capture.
func (c *CaptureSettings) rules() []string {
	if c == nil {
		return nil
	}
	return c.Rules
}

// component is nil without a capture.
func (c *CaptureSettings) component() *components.Capture {
	if c == nil {
		return nil
	}
	return &components.Capture{Seconds: c.Seconds, KeepMiB: c.KeepMiB}
}

// validateCapture refuses names that no rule has, and a Falco whose captures have no limit.
func validateCapture(s Settings, errs *field.Errors) {
	c := s.RuntimeSecurity.Capture
	if c == nil || !s.RuntimeSecurity.Enabled {
		return
	}
	if s.RuntimeSecurity.Falco != components.NewestFalco {
		errs.Add("runtimeSecurity.capture.rules", strings.Join(c.Rules, ", "), "nothing with Falco "+
			s.RuntimeSecurity.Falco+", whose captures have no limit of their size; Falco "+components.NewestFalco+" has one, "+
			"and needs runtimeSecurity.metrics: native", "pulumi config rm --path 'runtimeSecurity.capture', or "+
			"pulumi config rm --path 'runtimeSecurity.falco' and pulumi config rm --path 'runtimeSecurity.metrics'")
		return
	}
	loaded, err := s.Rules()
	if err != nil {
		return // reported already
	}
	refuseUnknownRules("runtimeSecurity.capture.rules", c.Rules, rules.Names(s.RuntimeSecurity.Ruleset, loaded), errs)
}
