package components

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"
)

//go:embed response.yaml
var responsePolicy string

// Labels that Falco Talon sets. The isolation policy selects pods by IsolatedLabel: without it a pod is released.
const (
	IsolatedLabel   = "doks-security/isolated"
	SuspiciousLabel = "doks-security/suspicious"
)

// falcoTalon is the folder, and in the chart the name of the Service and the ServiceAccount.
const falcoTalon = "falco-talon"

// Response is Falco Talon, which acts on the pods of Falco's events, with what bounds it: an admission policy for its
// requests, and the policy of isolated pods.
type Response struct {
	pulumi.ResourceState
}

// ResponseArgs say what is done, and where nothing is done.
type ResponseArgs struct {
	Platform      Platform
	Namespaces    *Namespaces
	Observability *Observability
	// DryRun has Talon log what it would do, without any permission in the cluster.
	DryRun bool
	Rules  []ResponseRule
	// Never are the namespaces in which nothing is done, whatever the rules say.
	Never []string
}

// NewResponse installs Talon once the policies hold.
func NewResponse(ctx *pulumi.Context, name string, args *ResponseArgs, opts ...pulumi.ResourceOption) (
	*Response, error,
) {
	r := &Response{}
	if err := ctx.RegisterComponentResource(typePrefix+"Response", name, r, opts...); err != nil {
		return nil, err
	}
	objects, err := ResponseObjects(args.Namespaces.names[falcoTalon], args.Never)
	if err != nil {
		return nil, err
	}
	policies, err := newPolicy(ctx, r, objects)
	if err != nil {
		return nil, err
	}
	known, err := talonValues(args)
	if err != nil {
		return nil, err
	}
	_, err = args.Platform.install(ctx, args.Namespaces, chartRelease{folder: falcoTalon, known: known},
		pulumi.Parent(r), pulumi.DependsOn(policies), args.Observability.dependency())
	if err != nil {
		return nil, err
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{})
}

// ResponseObjects are, as manifests, the admission policy for the requests of the ServiceAccount falco-talon of a
// namespace, its binding, and the policy of isolated pods.
func ResponseObjects(namespace string, never []string) ([]map[string]any, error) {
	var policy map[string]any
	if err := yaml.Unmarshal([]byte(responsePolicy), &policy); err != nil {
		return nil, fmt.Errorf("reading the policy of the response: %w", err)
	}
	meta, spec := policy["metadata"].(map[string]any), policy["spec"].(map[string]any)
	spec["matchConditions"] = []any{map[string]any{"name": "falco-talon", "expression": fmt.Sprintf(
		"request.userInfo.username == 'system:serviceaccount:%s:%s'", namespace, falcoTalon)}}
	spec["variables"] = append([]any{
		variable("never", literal(never)), variable("labels", literal([]string{IsolatedLabel, SuspiciousLabel})),
	}, spec["variables"].([]any)...)
	binding := map[string]any{
		"apiVersion": policy["apiVersion"], "kind": "ValidatingAdmissionPolicyBinding",
		"metadata": map[string]any{"name": meta["name"], "labels": meta["labels"]},
		"spec":     map[string]any{"policyName": meta["name"], "validationActions": []any{"Deny", "Audit"}},
	}
	return []map[string]any{policy, binding, isolation(never)}, nil
}

// isolation denies all connections of pods with IsolatedLabel. Rules that deny win over every rule that allows
// (docs.cilium.io, Deny Policies), where a NetworkPolicy would add up with those of the namespace. A pod's own node is
// not denied: kubelet's probes fail otherwise, and it restarts the container with what there is to see in it.
func isolation(never []string) map[string]any {
	const namespace = "k8s:io.kubernetes.pod.namespace"
	from := []any{"world", "remote-node", "kube-apiserver", "ingress"}
	pods := map[string]any{"matchExpressions": []any{map[string]any{"key": namespace, "operator": "Exists"}}}
	return manifest("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "", "isolated.doks-security", map[string]any{
		"description": "Pods with the label " + IsolatedLabel + " have no connections",
		"endpointSelector": map[string]any{
			"matchLabels":      map[string]any{IsolatedLabel: "true"},
			"matchExpressions": []any{map[string]any{"key": namespace, "operator": "NotIn", "values": anyOf(never)}},
		},
		"ingressDeny": []any{map[string]any{"fromEntities": from}, map[string]any{"fromEndpoints": []any{pods}}},
		"egressDeny":  []any{map[string]any{"toEntities": []any{"all"}}},
	})
}

// talon is the part of falcosidekick's values that sends it the events.
func talon(namespaces *Namespaces) map[string]any {
	return map[string]any{"config": map[string]any{"talon": map[string]any{
		"address": fmt.Sprintf("http://%s.%s.svc.cluster.local:2803", falcoTalon, namespaces.names[falcoTalon]),
	}}}
}

// talonValues are what the program knows of Talon's chart.
func talonValues(args *ResponseArgs) (map[string]any, error) {
	rules, err := TalonRules(args)
	if err != nil {
		return nil, err
	}
	env := []any{}
	for _, one := range [][2]string{
		{"LOG_FORMAT", "json"},
		// By variables: the chart's templates take false for "not set".
		{"WATCH_RULES", "false"},
		// Deduplication over replicas takes a Lease, with the right to update all others: each replica has its own.
		{"DEDUPLICATION_LEADER_ELECTION", "false"},
		// Restarts the pods with other rules: they mount them by subPath, which is never updated.
		{"RULES_SHA256", digest(rules)},
	} {
		env = append(env, map[string]any{"name": one[0], "value": one[1]})
	}
	return map[string]any{
		"extraEnv": env, "config": map[string]any{"rulesOverride": rules}, "rbac": permissions(args),
	}, nil
}

// permissions are what the actions of the rules need, as the chart's values. The admission policy bounds them.
func permissions(args *ResponseArgs) map[string]any {
	if args.DryRun || len(args.Rules) == 0 {
		return nil
	}
	pods := []any{"get"}
	for _, a := range actions {
		if slices.ContainsFunc(args.Rules, func(r ResponseRule) bool { return r.Action == a.name }) {
			for _, verb := range a.verbs {
				if !slices.Contains(pods, any(verb)) {
					pods = append(pods, verb)
				}
			}
		}
	}
	return map[string]any{"pods": pods, "events": []any{"create"}}
}
