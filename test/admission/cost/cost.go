// Package cost evaluates the admission policy as the API server does, with its own packages, and adds up the cost.
package cost

import (
	"context"
	"errors"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
)

// Policy is a compiled ValidatingAdmissionPolicy.
type Policy struct {
	conditions, validations, messages cel.ConditionEvaluator
}

// Compile compiles a policy for a minor version of Kubernetes ("1.33") as a new object: with the functions of CEL that
// the version before it has as well, so that the API server can be rolled back.
func Compile(manifest map[string]any, minor string) (*Policy, error) {
	var policy admissionregistrationv1.ValidatingAdmissionPolicy
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(manifest, &policy); err != nil {
		return nil, err
	}
	kubernetes, err := version.ParseGeneric(minor)
	if err != nil {
		return nil, err
	}
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(kubernetes.SubtractMinor(1)))
	if err != nil {
		return nil, err
	}
	var problems []error
	options := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	for _, v := range policy.Spec.Variables {
		variable := &validating.Variable{Name: v.Name, Expression: v.Expression}
		if result := compiler.CompileAndStoreVariable(variable, options, environment.NewExpressions); result.Error != nil {
			problems = append(problems, fmt.Errorf("variable %s: %w", v.Name, result.Error))
		}
	}
	var conditions, validations, messages []cel.ExpressionAccessor
	for i := range policy.Spec.MatchConditions {
		conditions = append(conditions, (*matchconditions.MatchCondition)(&policy.Spec.MatchConditions[i]))
	}
	for _, v := range policy.Spec.Validations {
		validations = append(validations, &validating.ValidationCondition{Expression: v.Expression})
		messages = append(messages, &validating.MessageExpressionCondition{MessageExpression: v.MessageExpression})
	}
	type declarations = cel.OptionalVariableDeclarations
	compile := func(expressions []cel.ExpressionAccessor, options declarations) cel.ConditionEvaluator {
		evaluator := compiler.CompileCondition(expressions, options, environment.NewExpressions)
		problems = append(problems, evaluator.CompilationErrors()...)
		return evaluator
	}
	return &Policy{
		conditions: compile(conditions, options), validations: compile(validations, options),
		messages: compile(messages, cel.OptionalVariableDeclarations{}),
	}, errors.Join(problems...)
}

// Verdict is what the policy says of a request, and what it cost of the budgets of
// https://kubernetes.io/docs/reference/using-api/cel/#resource-constraints.
type Verdict struct {
	Admitted bool
	Message  string // where it is not admitted
	Cost     int64  // of the validation and its message, of celconfig.RuntimeCELCostBudget
	Match    int64  // of the match conditions, of celconfig.RuntimeCELCostBudgetMatchConditions
}

// Evaluate evaluates a policy on the creation of an object, or its update when there is an old one. An expression that
// fails, or costs more than celconfig.PerCallLimit, is an error.
func (p *Policy) Evaluate(ctx context.Context, object, old runtime.Object, namespace string) (Verdict, error) {
	kind := object.GetObjectKind().GroupVersionKind()
	operation, options := admission.Create, runtime.Object(&metav1.CreateOptions{})
	if old != nil {
		operation, options = admission.Update, &metav1.UpdateOptions{}
	}
	resource := schema.GroupVersionResource{Group: kind.Group, Version: kind.Version}
	who := &user.DefaultInfo{Name: "shop", Groups: []string{"system:authenticated"}}
	record := admission.NewAttributesRecord(
		object, old, kind, namespace, "a", resource, "", operation, options, false, who)
	attributes := &admission.VersionedAttributes{
		Attributes: record, VersionedKind: kind, VersionedObject: admission.NewLazyObject(object),
	}
	if old != nil {
		attributes.VersionedOldObject = admission.NewLazyObject(old)
	}
	request := cel.CreateAdmissionRequest(attributes, metav1.GroupVersionResource(resource), metav1.GroupVersionKind(kind))
	var verdict Verdict
	evaluate := func(e cel.ConditionEvaluator, budget int64) ([]cel.EvaluationResult, int64, error) {
		results, left, err := e.ForInput(ctx, attributes, request, cel.OptionalVariableBindings{}, nil, budget)
		for _, result := range results {
			if err == nil {
				err = result.Error
			}
		}
		return results, left, err
	}
	conditions, left, err := evaluate(p.conditions, celconfig.RuntimeCELCostBudgetMatchConditions)
	if err != nil {
		return verdict, fmt.Errorf("match conditions: %w", err)
	}
	verdict.Match = celconfig.RuntimeCELCostBudgetMatchConditions - left
	for _, result := range conditions {
		if result.EvalResult.Value() == false {
			verdict.Admitted = true
			return verdict, nil
		}
	}
	validations, left, err := evaluate(p.validations, celconfig.RuntimeCELCostBudget)
	if err != nil {
		return verdict, fmt.Errorf("validation: %w", err)
	}
	messages, left, err := evaluate(p.messages, left)
	if err != nil {
		return verdict, fmt.Errorf("message: %w", err)
	}
	verdict.Cost = celconfig.RuntimeCELCostBudget - left
	verdict.Admitted = true
	for i, result := range validations {
		if result.EvalResult.Value() != true {
			verdict.Admitted = false
			verdict.Message, _ = messages[i].EvalResult.Value().(string)
		}
	}
	return verdict, nil
}

// Typed is the object in the types of k8s.io/api, as newer API servers evaluate it; older ones take it unstructured.
func Typed(object *unstructured.Unstructured, scheme *runtime.Scheme) (runtime.Object, error) {
	typed, err := scheme.New(object.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed); err != nil {
		return nil, err
	}
	typed.GetObjectKind().SetGroupVersionKind(object.GroupVersionKind())
	return typed, nil
}
