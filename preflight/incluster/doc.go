// Package incluster checks a stack's settings against what is in the running cluster, before anything is created or
// changed: an edit of a stack file that would lose data, or take over objects of others, is an error with the commands
// that do it safely.
//
// Survey reads a cluster once. The checks are functions of what it read and of the settings; each adds its errors to a
// field.Errors:
//
//	Volumes    sizes of volumes that pulumi up does not change
//	Logs       where Loki stores its logs
//	Parts      parts that are turned off, and the data they have
//	Releases   Helm releases that an interrupted run left unfinished
//	Ownership  namespaces, releases, CRDs and APIServices of others
//
// The zero Cluster is one that does not exist yet: all but cluster.provides passes.
package incluster
