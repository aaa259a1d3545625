package chartlint

import (
	"fmt"
	"slices"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	"doks-security/charts/pods"
	"doks-security/test/crds"
)

// Schemas decodes every object strictly: as its Go type, or by the CustomResourceDefinition among the objects or of
// prometheus-operator.
func Schemas(objects []*Object) []error {
	var errs []error
	types, err := knownTypes()
	if err != nil {
		return []error{err}
	}
	strict := serializer.NewCodecFactory(types, serializer.EnableStrict).UniversalDeserializer()
	operator, err := crds.Operator() // of stand-ins, the charts' own take anything
	if err != nil {
		return []error{err}
	}
	definitions, unread := customResources(slices.Concat(objects, operator))
	errs = append(errs, unread...)
	for _, o := range objects {
		kind := o.GroupVersionKind()
		if custom, ok := definitions[kind]; ok {
			for _, problem := range custom.validate(o) {
				errs = append(errs, fmt.Errorf("%s: %w", pods.ID(o), problem))
			}
			continue
		}
		text, err := o.MarshalJSON()
		if err == nil {
			_, _, err = strict.Decode(text, nil, nil)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", pods.ID(o), err))
		}
	}
	return errs
}

// knownTypes are Kubernetes' own, and those that define others.
func knownTypes() (*runtime.Scheme, error) {
	types := runtime.NewScheme()
	if err := scheme.AddToScheme(types); err != nil {
		return nil, err
	}
	if err := apiextensionsv1.AddToScheme(types); err != nil {
		return nil, err
	}
	return types, apiregistrationv1.AddToScheme(types)
}

// customResource is one version of a CustomResourceDefinition.
type customResource struct {
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
}

func customResources(objects []*Object) (map[schema.GroupVersionKind]customResource, []error) {
	definitions := map[schema.GroupVersionKind]customResource{}
	var errs []error
	for _, o := range objects {
		if o.GetKind() != "CustomResourceDefinition" {
			continue
		}
		var definition apiextensionsv1.CustomResourceDefinition
		if err := pods.Convert(o, &definition); err != nil {
			errs = append(errs, err)
			continue
		}
		for _, version := range definition.Spec.Versions {
			custom, err := newCustomResource(version)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s %s: %w", pods.ID(o), version.Name, err))
				continue
			}
			definitions[schema.GroupVersionKind{Group: definition.Spec.Group, Version: version.Name,
				Kind: definition.Spec.Names.Kind}] = custom
		}
	}
	return definitions, errs
}

func newCustomResource(version apiextensionsv1.CustomResourceDefinitionVersion) (c customResource, err error) {
	var internal apiextensions.CustomResourceValidation
	if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(version.Schema,
		&internal, nil); err != nil {
		return c, err
	}
	if c.structural, err = structuralschema.NewStructural(internal.OpenAPIV3Schema); err != nil {
		return c, err
	}
	c.validator, _, err = validation.NewSchemaValidator(internal.OpenAPIV3Schema)
	return c, err
}

// validate finds what the API server would refuse, and unknown fields, which it would drop.
func (c customResource) validate(o *Object) []error {
	var errs []error
	for _, problem := range validation.ValidateCustomResource(nil, o.Object, c.validator) {
		errs = append(errs, problem)
	}
	options := structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	for _, path := range pruning.PruneWithOptions(o.DeepCopy().Object, c.structural, true, options) {
		errs = append(errs, fmt.Errorf("unknown field %q", path))
	}
	return errs
}
