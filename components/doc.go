// Package components holds the component resources of a watched Kubernetes cluster on DigitalOcean, one concept a
// file. Every constructor is NewX(ctx, name, *XArgs, ...pulumi.ResourceOption); settings are plain Go values, only
// what another resource produces is an Input. Components that live in Kubernetes take its provider as an option:
//
//	cluster, err := components.NewCluster(ctx, "dev", &components.ClusterArgs{...})
//	namespaces, err := components.NewNamespaces(ctx, "dev", args, cluster.Options()...)
package components

// typePrefix starts the type token of every component.
const typePrefix = "doks-security:index:"
