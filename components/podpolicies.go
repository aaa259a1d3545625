package components

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"
)

//go:embed podpolicies.yaml
var podPolicy string

// Rules of PodPolicies.
const (
	RuleTags       = "tags"       // images have a tag that is not latest, or a digest
	RuleDigests    = "digests"    // images have a digest
	RuleRegistries = "registries" // images come from PodPoliciesArgs.Registries
	RulePrivileged = "privileged" // no privileged container, no namespace, network or path of the node
	RuleRequests   = "requests"   // containers request CPU and memory
)

// podRules are the rules with the variable of podpolicies.yaml that has what breaks one, and the message.
var podRules = []struct{ name, variable, message string }{
	{RuleTags, "tags", "images without a tag, or with the tag latest"},
	{RuleDigests, "digests", "images without a digest"},
	{RuleRegistries, "foreign", "images of a registry that is not allowed"},
	{RulePrivileged, "privileged", "access to the node"},
	{RuleRequests, "requests", "no requests of CPU and memory"},
}

// sharedVariables are those of admission.yaml that the policy of pods has, too.
var sharedVariables = []string{"template", "containers", "volumes", "imageVolumes"}

// PodRules are the names of all rules.
func PodRules() []string {
	var names []string
	for _, rule := range podRules {
		names = append(names, rule.name)
	}
	return names
}

// PodPolicies is a ValidatingAdmissionPolicy for pods, and for what creates them, with its binding.
type PodPolicies struct {
	pulumi.ResourceState
}

// PodPoliciesArgs choose the rules, and where they hold.
type PodPoliciesArgs struct {
	Mode  string   // AdmissionWarn or AdmissionDeny
	Rules []string // that are on
	// Registries are allowed beginnings of images: a registry, with or without a path.
	Registries []string
	// Exempt are rules that do not hold in a namespace, and Excluded are namespaces in which none does, in addition to
	// kube-system.
	Exempt   map[string][]string
	Excluded []string
}

// NewPodPolicies creates the policy and its binding.
func NewPodPolicies(
	ctx *pulumi.Context, name string, args *PodPoliciesArgs, opts ...pulumi.ResourceOption,
) (*PodPolicies, error) {
	p := &PodPolicies{}
	if err := ctx.RegisterComponentResource(typePrefix+"PodPolicies", name, p, opts...); err != nil {
		return nil, err
	}
	objects, err := PodPolicyObjects(args)
	if err != nil {
		return nil, err
	}
	if _, err := newPolicy(ctx, p, objects); err != nil {
		return nil, err
	}
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{})
}

// PodPolicyObjects are the policy and its binding, as manifests. With AdmissionDeny the policy fails closed: a request
// that it cannot evaluate is denied.
func PodPolicyObjects(args *PodPoliciesArgs) ([]map[string]any, error) {
	var policy, shared map[string]any
	if err := yaml.Unmarshal([]byte(podPolicy), &policy); err != nil {
		return nil, fmt.Errorf("reading the policy of pods: %w", err)
	}
	if err := yaml.Unmarshal([]byte(admissionPolicy), &shared); err != nil {
		return nil, fmt.Errorf("reading the admission policy: %w", err)
	}
	action, failurePolicy, binding := "Warn", "Ignore", ""
	switch args.Mode {
	case AdmissionWarn:
	case AdmissionDeny:
		action, failurePolicy, binding = "Deny", "Fail", "deny." // another name: see AdmissionObjects
	default:
		return nil, fmt.Errorf("no admission mode %q", args.Mode)
	}
	spec, common := policy["spec"].(map[string]any), shared["spec"].(map[string]any)
	spec["failurePolicy"] = failurePolicy
	spec["matchConstraints"], spec["matchConditions"] = common["matchConstraints"], common["matchConditions"]
	exempt := args.Exempt
	if exempt == nil {
		exempt = map[string][]string{}
	}
	variables := []any{
		variable("exempt", literal(exempt)+"[?request.namespace].orValue([])"),
		variable("registries", literal(append([]string{}, args.Registries...))),
	}
	for _, one := range common["variables"].([]any) {
		if name := one.(map[string]any)["name"]; slices.Contains(sharedVariables, fmt.Sprint(name)) {
			variables = append(variables, one)
		}
	}
	spec["variables"] = append(variables, spec["variables"].([]any)...)
	spec["validations"] = podValidations(args.Rules)
	name := policy["metadata"].(map[string]any)["name"].(string)
	excluded := append([]string{"kube-system"}, args.Excluded...)
	return []map[string]any{policy, admissionBinding(policy, binding+name, action, "NotIn", excluded)}, nil
}

func variable(name, expression string) map[string]any {
	return map[string]any{"name": name, "expression": expression}
}

// podValidations are those of the rules that are on, and of the bounds of what can be checked.
func podValidations(rules []string) []any {
	const bounds = "more than can be checked: 100 containers, 1,000 volumes, 1,000 characters of an image"
	all := []any{map[string]any{
		"expression": "variables.countable", "message": bounds, "messageExpression": literal(bounds),
	}}
	for _, rule := range podRules {
		if !slices.Contains(rules, rule.name) {
			continue
		}
		found := "variables." + rule.variable
		names := found + ".join(', ')"
		all = append(all, map[string]any{
			"expression": fmt.Sprintf("'%s' in variables.exempt || size(%s) == 0", rule.name, found),
			"message":    rule.message,
			"messageExpression": fmt.Sprintf("'%s: ' + (size(%[2]s) > 500 ? %[2]s.substring(0, 500) + '...' : %[2]s) + "+
				"' (policies.%[3]s in the stack file)'", rule.message, names, rule.name),
			"reason": "Forbidden",
		})
	}
	return all
}
