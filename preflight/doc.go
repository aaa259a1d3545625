// Package preflight checks a stack's settings against what is running, before anything is created or changed: an edit of
// a stack file that would lose data, or take over objects of others, is an error with the commands that do it safely.
//
// Survey reads a cluster once. The checks are functions of what it read and of the settings; each adds its errors to a
// field.Errors:
//
//	Volumes        sizes of volumes that pulumi up does not change
//	Logs           where Loki stores its logs
//	Releases       Helm releases that an interrupted run left unfinished
//	Ownership      namespaces, releases, CRDs and APIServices of others
//	HighAvailability  the control plane's, which cannot be switched off
//
// All of them pass on a cluster that does not exist yet, the zero Cluster.
package preflight
