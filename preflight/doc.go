// Package preflight compares a stack's settings with what runs: the DigitalOcean account, and in package incluster the
// cluster itself. What would replace a cluster, lose data, or touch what belongs to others is an error of the
// configuration, found in the preview before anything is changed, with the value that is safe.
package preflight
