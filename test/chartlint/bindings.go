package chartlint

import (
	"cmp"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/charts/pods"
)

// Bindings finds roles and accounts that a binding names, and Services that the API server is to call, and that
// do not exist.
func Bindings(objects []*Object) []error {
	x, err := newIndex(objects)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, o := range objects {
		switch o.GetKind() {
		case "RoleBinding", "ClusterRoleBinding":
			var b rbacv1.RoleBinding // both have the same fields
			if err := pods.Convert(o, &b); err != nil {
				errs = append(errs, err)
				continue
			}
			if !x.has(b.RoleRef.Kind, o.GetNamespace(), b.RoleRef.Name) {
				errs = append(errs, fmt.Errorf("%s references the %s %s, which does not exist", pods.ID(o), b.RoleRef.Kind,
					b.RoleRef.Name))
			}
			for _, s := range b.Subjects {
				if namespace := cmp.Or(s.Namespace, o.GetNamespace()); s.Kind == "ServiceAccount" &&
					!x.has(s.Kind, namespace, s.Name) {
					errs = append(errs, fmt.Errorf("%s is for the ServiceAccount %s/%s, which does not exist", pods.ID(o),
						namespace, s.Name))
				}
			}
		case "APIService":
			if service, ok, _ := unstructured.NestedMap(o.Object, "spec", "service"); ok {
				errs = append(errs, x.called(o, service)...)
			}
		case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
			hooks, _, _ := unstructured.NestedSlice(o.Object, "webhooks")
			for _, hook := range hooks {
				object, _ := hook.(map[string]any)
				if service, ok, _ := unstructured.NestedMap(object, "clientConfig", "service"); ok {
					errs = append(errs, x.called(o, service)...)
				}
			}
		}
	}
	return errs
}

// called checks a Service that the API server calls: port 443 unless it says another.
func (x *index) called(o *Object, service map[string]any) []error {
	port := "443"
	if p, ok := service["port"]; ok {
		port = fmt.Sprint(p)
	}
	if problem := x.connect(fmt.Sprint(service["namespace"]), fmt.Sprint(service["name"]), port); problem != "" {
		return []error{fmt.Errorf("%s calls %s", pods.ID(o), problem)}
	}
	return nil
}
