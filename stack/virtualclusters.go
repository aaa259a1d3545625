package stack

import (
	"doks-security/components"
	"doks-security/rules"
)

// VirtualClusterSettings say where virtual clusters may run, what the API server does with others, and whether the demo
// that proves the detection runs.
type VirtualClusterSettings struct {
	// Namespaces in which virtual clusters may run.
	Approved []rules.Approval `json:"approved"`
	// What the API server does with virtual clusters that are not approved.
	Admission string `json:"admission" default:"warn" enum:"warn,deny,off"`
	// Installs a vcluster that is not approved, to see it detected.
	Demo bool `json:"demo" default:"false"`
}

// newAdmission creates nothing when the API server has no say.
func newAdmission(in inCluster) error {
	s := in.settings.VirtualClusters
	if s.Admission == components.AdmissionOff {
		return nil
	}
	_, err := components.NewAdmission(in.ctx, logicalName, &components.AdmissionArgs{
		Mode: s.Admission, Approved: s.Approved, Exempt: in.settings.exemptNamespaces(),
	}, in.options...)
	return err
}

func newVirtualClusterDemo(in inCluster, security *components.RuntimeSecurity) error {
	if !in.settings.VirtualClusters.Demo {
		return nil
	}
	_, err := components.NewVClusterDemo(in.ctx, logicalName, &components.VClusterDemoArgs{
		Platform: in.platform, Namespaces: in.namespaces, RuntimeSecurity: security,
	}, in.options...)
	return err
}
