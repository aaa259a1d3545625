package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/values"
)

// newGrafana generates Grafana's password, and returns the part of the values that only the program knows, with the
// Secrets that the release waits for: nothing without Grafana.
func (o *Observability) newGrafana(ctx *pulumi.Context, name string, args *ObservabilityArgs,
	parent pulumi.ResourceOption) (map[string]any, []pulumi.Resource, error) {
	if args.WithoutGrafana {
		return map[string]any{}, nil, nil
	}
	version, err := newVersions(ctx, name+"-observability", parent)
	if err != nil {
		return nil, nil, err
	}
	password, err := newPassword(ctx, name+"-grafana", parent)
	if err != nil {
		return nil, nil, err
	}
	o.Grafana = Login{User: "admin", Password: password}
	namespace := args.Namespaces.dependency(NamespaceMonitoring)
	login := pulumi.StringMap{"admin-user": pulumi.String(o.Grafana.User), "admin-password": password}
	admin, err := args.Namespaces.newSecret(ctx, NamespaceMonitoring, "grafana-admin", login, parent, namespace)
	if err != nil {
		return nil, nil, err
	}
	client, err := args.GrafanaLogin.secret(ctx, args.Namespaces, parent, namespace)
	if err != nil {
		return nil, nil, err
	}
	return values.Merge(args.GrafanaLogin.Values(), map[string]any{
		"persistence": map[string]any{
			"size": gib(args.GrafanaVolumeGiB), "storageClassName": args.Platform.class(),
		},
		"podAnnotations": version.annotation(args.GrafanaLogin.with(login)),
	}), append(client, admin), nil
}
