package stack

import (
	"slices"

	"doks-security/components"
)

// PolicySettings are what the API server asks of pods, whoever creates them.
type PolicySettings struct {
	// What the API server does with pods that break a rule: warn the client, or deny. Either is in its audit log.
	Mode string `json:"mode" default:"warn" enum:"warn,deny,off"`
	// Images have a tag that is not latest, or a digest.
	Tags bool `json:"tags" default:"true"`
	// Images have a digest.
	Digests bool `json:"digests" default:"false" prod:"true"`
	// No privileged containers, hostPath volumes, hostPID, hostIPC or hostNetwork.
	Privileged bool `json:"privileged" default:"true"`
	// Containers of pods request CPU and memory.
	Requests bool `json:"requests" default:"true"`
	// Registries that images may come from, each with or without a path. Not set: all.
	Registries []string `json:"registries" format:"imageRegistry"`
	// Namespaces in which rules do not hold, in addition to kube-system and those of the stack.
	Exempt []PolicyExemption `json:"exempt"`
}

// PolicyExemption is a namespace in which rules do not hold.
type PolicyExemption struct {
	// The namespace.
	Namespace string `json:"namespace" required:"true" format:"approvedNamespace"`
	// The rules, by the names of their settings. Not set: all.
	Rules []string `json:"rules" format:"policyRule" minItems:"1"`
}

// rules are those that are on.
func (p PolicySettings) rules() []string {
	var on []string
	for rule, set := range map[string]bool{
		components.RuleTags: p.Tags, components.RuleDigests: p.Digests, components.RulePrivileged: p.Privileged,
		components.RuleRequests: p.Requests, components.RuleRegistries: len(p.Registries) > 0,
	} {
		if set {
			on = append(on, rule)
		}
	}
	slices.Sort(on)
	return on
}

// newPodPolicies creates nothing when the API server has no say, or no rule is on.
func newPodPolicies(in inCluster) error {
	p := in.settings.Policies
	if p.Mode == components.AdmissionOff || len(p.rules()) == 0 {
		return nil
	}
	_, err := components.NewPodPolicies(in.ctx, logicalName, in.settings.podPolicies(), in.options...)
	return err
}

// podPolicies leave out the stack's own namespaces, but for those of addons and of the demo. An addon whose namespace
// has the Pod Security level privileged was reviewed with it: there the rule about access to the node does not hold.
func (s Settings) podPolicies() *components.PodPoliciesArgs {
	p := s.Policies
	args := &components.PodPoliciesArgs{Mode: p.Mode, Rules: p.rules(), Registries: p.Registries,
		Excluded: s.exemptNamespaces(), Exempt: map[string][]string{}}
	all, created := s.set().Namespaces(), s.createdNamespaces()
	for _, role := range created.Roles() {
		if all[role].Addon && all[role].PodSecurity == "privileged" {
			args.Exempt[created[role]] = append(args.Exempt[created[role]], components.RulePrivileged)
		}
	}
	for _, e := range p.Exempt {
		rules := e.Rules
		if len(rules) == 0 {
			rules = args.Rules
		}
		args.Exempt[e.Namespace] = append(args.Exempt[e.Namespace], rules...)
	}
	return args
}
