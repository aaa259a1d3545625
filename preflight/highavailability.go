package preflight

import "doks-security/stack/field"

// highAvailability refuses what cannot be undone without being asked for, and what cannot be done. running is whether
// the running cluster has a highly available control plane, wanted the setting, and given whether the stack file has
// it; a profile's default does not switch it on for a running cluster.
func highAvailability(running, wanted, given bool, errs *field.Errors) {
	switch {
	case running && !wanted:
		errs.Add("cluster.ha", wanted, "true: the running cluster has high availability, which cannot be switched off",
			"pulumi config set --path 'cluster.ha' true")
	case !running && wanted && !given:
		errs.Add("cluster.ha", nil, "true or false in the stack file: the running cluster has no high availability; "+
			"the profile's default would switch it on, which costs 40 USD a month and cannot be undone",
			"pulumi config set --path 'cluster.ha' false to keep the cluster as it is, or true to switch it on for good")
	}
}
