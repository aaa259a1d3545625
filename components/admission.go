package components

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"

	"doks-security/rules"
)

// What the API server does with a virtual cluster nobody approved.
const (
	AdmissionOff  = "off"
	AdmissionWarn = "warn" // admits it, and warns who asked
	AdmissionDeny = "deny"
)

//go:embed admission.yaml
var admissionPolicy string

// Admission is a ValidatingAdmissionPolicy for virtual clusters, and the binding that makes it count everywhere.
type Admission struct {
	pulumi.ResourceState
}

// AdmissionArgs say what is done, and where not.
type AdmissionArgs struct {
	Mode     string // AdmissionWarn or AdmissionDeny
	Approved []rules.Approval
}

// NewAdmission creates the policy and its binding.
func NewAdmission(ctx *pulumi.Context, name string, args *AdmissionArgs, opts ...pulumi.ResourceOption) (*Admission, error) {
	a := &Admission{}
	if err := ctx.RegisterComponentResource(typePrefix+"Admission", name, a, opts...); err != nil {
		return nil, err
	}
	objects, err := AdmissionObjects(args)
	if err != nil {
		return nil, err
	}
	dependencies := []pulumi.Resource{}
	for _, object := range objects {
		created, err := newObject(ctx, nil, object, pulumi.Parent(a), pulumi.DependsOn(dependencies))
		if err != nil {
			return nil, err
		}
		dependencies = append(dependencies, created)
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}

// AdmissionObjects are the policy and its binding, as manifests.
func AdmissionObjects(args *AdmissionArgs) ([]map[string]any, error) {
	var policy map[string]any
	if err := yaml.Unmarshal([]byte(admissionPolicy), &policy); err != nil {
		return nil, fmt.Errorf("reading the admission policy: %w", err)
	}
	expressions := approvalExpressions(args.Approved)
	for _, v := range policy["spec"].(map[string]any)["variables"].([]any) {
		variable := v.(map[string]any)
		if expression, ok := expressions[variable["name"].(string)]; ok {
			variable["expression"] = expression
		}
	}
	action := map[string]string{AdmissionWarn: "Warn", AdmissionDeny: "Deny"}[args.Mode]
	if action == "" {
		return nil, fmt.Errorf("no admission mode %q", args.Mode)
	}
	meta := policy["metadata"].(map[string]any)
	binding := map[string]any{
		"apiVersion": policy["apiVersion"], "kind": "ValidatingAdmissionPolicyBinding", "metadata": meta,
		"spec": map[string]any{"policyName": meta["name"], "validationActions": []any{action, "Audit"}},
	}
	return []map[string]any{policy, binding}, nil
}

// approvalExpressions are the policy's two variables that depend on settings, in CEL. JSON's strings and lists are
// CEL's.
func approvalExpressions(approved []rules.Approval) map[string]string {
	wholly := []string{}
	digests := "[]"
	for _, a := range approved {
		if len(a.Digests) == 0 {
			wholly = append(wholly, a.Namespace)
			continue
		}
		digests = fmt.Sprintf("request.namespace == %s ? %s : %s", literal(a.Namespace), literal(a.Digests), digests)
	}
	return map[string]string{"approved": "request.namespace in " + literal(wholly), "digests": strings.TrimSpace(digests)}
}

func literal(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // strings and lists of them
	}
	return string(text)
}
