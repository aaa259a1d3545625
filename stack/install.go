package stack

import (
	"doks-security/account"
	"doks-security/components"
)

// newReleases is everything that Helm installs, and what it needs.
func newReleases(in inCluster, a *account.Account) (
	observability *components.Observability, security *components.RuntimeSecurity, err error,
) {
	if observability, err = newObservability(in); err != nil {
		return nil, nil, err
	}
	if err = newLogging(in, observability); err != nil {
		return nil, nil, err
	}
	if security, err = newRuntimeSecurity(in, observability); err != nil {
		return nil, nil, err
	}
	if err = newResponse(in, observability); err != nil {
		return nil, nil, err
	}
	if err = newExposure(in, a, observability); err != nil {
		return nil, nil, err
	}
	if err = newVirtualClusterDemo(in, security); err != nil {
		return nil, nil, err
	}
	return observability, security, newAddons(in, observability)
}
