package components

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"

	"doks-security/rules"
)

// What the API server does with a virtual cluster that is not approved.
const (
	AdmissionOff  = "off"
	AdmissionWarn = "warn" // admits it, and warns the client
	AdmissionDeny = "deny"
)

//go:embed admission.yaml
var admissionPolicy string

// Admission is a ValidatingAdmissionPolicy for virtual clusters with two bindings: one for the namespaces that are
// exempt from denial, where it only warns, and one for all others.
type Admission struct {
	pulumi.ResourceState
}

// AdmissionArgs configure the policy.
type AdmissionArgs struct {
	Mode     string // AdmissionWarn or AdmissionDeny
	Approved []rules.Approval
	// Exempt are namespaces in which AdmissionDeny only warns, in addition to kube-system.
	Exempt []string
}

// NewAdmission creates the policy and its bindings.
func NewAdmission(
	ctx *pulumi.Context, name string, args *AdmissionArgs, opts ...pulumi.ResourceOption,
) (*Admission, error) {
	a := &Admission{}
	if err := ctx.RegisterComponentResource(typePrefix+"Admission", name, a, opts...); err != nil {
		return nil, err
	}
	objects, err := AdmissionObjects(args)
	if err != nil {
		return nil, err
	}
	if _, err := newPolicy(ctx, a, objects); err != nil {
		return nil, err
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}

// newPolicy creates a policy and then its bindings, one after the other.
func newPolicy(
	ctx *pulumi.Context, parent pulumi.Resource, objects []map[string]any,
) (created []pulumi.Resource, err error) {
	for _, object := range objects {
		one, err := newObject(ctx, nil, object, pulumi.Parent(parent), pulumi.DependsOn(created))
		if err != nil {
			return nil, err
		}
		created = append(created, one)
	}
	return created, nil
}

// AdmissionObjects are the policy and its bindings, as manifests. With AdmissionDeny the policy fails closed: a request
// that it cannot evaluate is denied, except in the exempt namespaces.
func AdmissionObjects(args *AdmissionArgs) ([]map[string]any, error) {
	images, err := rules.ControlPlaneImageEnds()
	if err != nil {
		return nil, err
	}
	var policy map[string]any
	processes, err := rules.ControlPlaneProcesses()
	if err != nil {
		return nil, err
	}
	processes = slices.DeleteFunc(processes, func(name string) bool { return name == "kubelet" }) // see the policy
	text := strings.NewReplacer(
		"CONTROL_PLANE_IMAGES)", images+")", "CONTROL_PLANE_PROCESSES|", strings.Join(processes, "|")+"|",
	).Replace(admissionPolicy)
	if err := yaml.Unmarshal([]byte(text), &policy); err != nil {
		return nil, fmt.Errorf("reading the admission policy: %w", err)
	}
	action, failurePolicy, binding := "Warn", "Ignore", ""
	switch args.Mode {
	case AdmissionWarn:
	case AdmissionDeny:
		// Another binding: the actions are a set, to which the dry run of a preview adds the new ones, because the
		// field manager of the creation is another. The API server refuses Warn together with Deny.
		action, failurePolicy, binding = "Deny", "Fail", "deny."
	default:
		return nil, fmt.Errorf("no admission mode %q", args.Mode)
	}
	spec := policy["spec"].(map[string]any)
	spec["failurePolicy"] = failurePolicy
	spec["variables"] = append(approvalVariables(args.Approved), spec["variables"].([]any)...)
	exempt := append([]string{"kube-system"}, args.Exempt...)
	name := policy["metadata"].(map[string]any)["name"].(string)
	return []map[string]any{
		policy,
		admissionBinding(policy, binding+name, action, "NotIn", exempt),
		admissionBinding(policy, "exempt."+name, "Warn", "In", exempt),
	}, nil
}

// admissionBinding applies the policy to the namespaces that are, or are not, among those named: by the label that the
// API server itself keeps equal to the name, so that a label of one's own exempts nothing.
func admissionBinding(policy map[string]any, name, action, operator string, namespaces []string) map[string]any {
	meta := policy["metadata"].(map[string]any)
	return map[string]any{
		"apiVersion": policy["apiVersion"], "kind": "ValidatingAdmissionPolicyBinding",
		"metadata": map[string]any{"name": name, "labels": meta["labels"]},
		"spec": map[string]any{
			"policyName": meta["name"], "validationActions": []any{action, "Audit"},
			"matchResources": map[string]any{"namespaceSelector": map[string]any{"matchExpressions": []any{
				map[string]any{"key": "kubernetes.io/metadata.name", "operator": operator, "values": anyOf(namespaces)},
			}}},
		},
	}
}

// approvalCharacters bounds one map of approvals: CEL refuses expressions of more than 100,000 characters.
const approvalCharacters = 50_000

// approvalVariables are the policy's variables that depend on settings: maps of namespaces to approved digests, and
// digests, those of the request's namespace. The digest * approves every image. JSON's strings, lists and maps are
// CEL's.
func approvalVariables(approved []rules.Approval) []any {
	var variables, lookups []string
	chunk, size := map[string][]string{}, 0
	flush := func() {
		lookups = append(lookups, fmt.Sprintf("variables.approvals%d[?request.namespace].orValue([])", len(variables)))
		variables = append(variables, literal(chunk))
		chunk, size = map[string][]string{}, 0
	}
	for _, a := range approved {
		digests := a.Digests
		if len(digests) == 0 {
			digests = []string{"*"}
		}
		for _, digest := range digests {
			if size += len(a.Namespace) + len(digest) + len(`"":["",],`); size > approvalCharacters {
				flush()
			}
			chunk[a.Namespace] = append(chunk[a.Namespace], digest)
		}
	}
	flush()
	all := make([]any, 0, len(variables)+1)
	for i, expression := range variables {
		all = append(all, map[string]any{"name": fmt.Sprintf("approvals%d", i), "expression": expression})
	}
	return append(all, map[string]any{"name": "digests", "expression": strings.Join(lookups, " + ")})
}

func literal(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // strings, and lists and maps of them
	}
	return string(text)
}
