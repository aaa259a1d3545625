package stack

import (
	"fmt"
	"slices"
	"strings"

	"doks-security/components"
	"doks-security/rules"
	"doks-security/stack/field"
)

// ResponseSettings say what is done with the pods of Falco's events.
type ResponseSettings struct {
	// Installs Falco Talon. All others are for true.
	Enabled bool `json:"enabled" default:"false"`
	// Falco Talon logs what it would do, and has no permission to do it.
	DryRun bool `json:"dryRun" default:"true"`
	// What is done, and with the pods of which events. Not set: pods that start a virtual cluster or a nested control
	// plane without approval are isolated.
	Rules []ResponseRule `json:"rules" format:"responseRules" minItems:"1"`
	// Namespaces in which nothing is done, in addition to the stack's own, those of Kubernetes, and those of approved
	// virtual clusters.
	Never []string `json:"never" format:"approvedNamespace"`
}

// ResponseRule is an action, and the events that lead to it. Of rules and minimumPriority at least one is set.
type ResponseRule struct {
	// What is done with the pod: a label for people, no connections until it is released, or deletion.
	Action string `json:"action" required:"true" format:"action"`
	// Names of Falco's rules. Not set: all.
	Rules []string `json:"rules" minItems:"1"`
	// Namespaces of the pods. Not set: all.
	Namespaces []string `json:"namespaces" format:"approvedNamespace" minItems:"1"`
	// The lowest priority of the events. Not set: all.
	MinimumPriority string `json:"minimumPriority" format:"priority"`
}

// unapproved are Falco's rules about virtual clusters and nested control planes that start in pods (rules/).
var unapproved = []string{"Virtual Cluster Started Without Approval", "Nested Control Plane Started Without Approval"}

// kubernetesOwn are the namespaces of Kubernetes itself.
func kubernetesOwn() []string {
	return slices.DeleteFunc(slices.Clone(field.KubernetesNamespaces), func(n string) bool { return n == "default" })
}

func newResponse(in inCluster, observability *components.Observability) error {
	if !in.settings.Response.Enabled {
		return nil
	}
	_, err := components.NewResponse(in.ctx, logicalName, &components.ResponseArgs{
		Platform: in.platform, Namespaces: in.namespaces, Observability: observability,
		DryRun: in.settings.Response.DryRun, Rules: in.settings.Response.rules(), Never: in.settings.neverActedIn(),
	}, in.options...)
	return err
}

// rules are those of the stack file, or the default.
func (r ResponseSettings) rules() []components.ResponseRule {
	if len(r.Rules) == 0 {
		return []components.ResponseRule{{Action: components.ActionIsolate, Rules: unapproved}}
	}
	var all []components.ResponseRule
	for _, rule := range r.Rules {
		all = append(all, components.ResponseRule{Action: rule.Action, Rules: rule.Rules, Namespaces: rule.Namespaces,
			MinimumPriority: rule.MinimumPriority})
	}
	return all
}

// neverActedIn are the namespaces in which nothing is done, sorted: those of Kubernetes, all that the stack may have
// but for tenants', those of approved virtual clusters, and those of the stack file.
func (s Settings) neverActedIn() []string {
	never := append(kubernetesOwn(), s.Response.Never...)
	all, names := s.set().Namespaces(), s.Namespaces.ByRole()
	for role, name := range names {
		if !all[role].Tenant {
			never = append(never, name)
		}
	}
	for _, a := range s.VirtualClusters.Approved {
		never = append(never, a.Namespace)
	}
	slices.Sort(never)
	return slices.Compact(never)
}

// validateResponse refuses rules that never act, and those that act on every event.
func validateResponse(s Settings, errs *field.Errors) {
	if !s.Response.Enabled || !s.RuntimeSecurity.Enabled {
		return
	}
	loaded, err := s.Rules()
	if err != nil {
		return // reported already
	}
	known, never := rules.Names(s.RuntimeSecurity.Ruleset, loaded), s.neverActedIn()
	for i, r := range s.Response.Rules {
		key := fmt.Sprintf("response.rules[%d]", i)
		if len(r.Rules) == 0 && r.MinimumPriority == "" {
			errs.Add(key, r.Action, "rules, minimumPriority, or both: otherwise every event leads to the action",
				"pulumi config set --path '"+key+".minimumPriority' critical")
		}
		refuseUnknownRules(key+".rules", r.Rules, known, errs)
		for j, namespace := range r.Namespaces {
			if slices.Contains(never, namespace) {
				errs.Add(fmt.Sprintf("%s.namespaces[%d]", key, j), namespace,
					"a namespace of applications: nothing is done in the stack's own, in those of Kubernetes and of approved "+
						"virtual clusters, and in response.never", "remove it")
			}
		}
	}
}

// refuseUnknownRules refuses the names, which are the setting of the key, that are not among those that Falco knows.
func refuseUnknownRules(key string, names, known []string, errs *field.Errors) {
	for i, name := range names {
		if !slices.Contains(known, name) {
			errs.Add(fmt.Sprintf("%s[%d]", key, i), name, "the name of a rule that Falco loads: "+
				strings.Join(unapproved, ", ")+", one of runtimeSecurity.ruleset or of runtimeSecurity.rules",
				"correct its spelling")
		}
	}
}
