package account

import (
	"slices"
	"strings"
)

// StackTag is the tag by which a cluster is known as the stack's. DigitalOcean's tags have letters, digits, :, - and
// _; a stack's name may have dots too.
func StackTag(stack string) string {
	return "doks-security:" + strings.ReplaceAll(stack, ".", ":")
}

// StackOf is the stack that one of a cluster's tags names; empty when none does.
func StackOf(tags []string) string {
	for _, tag := range tags {
		if stack, ok := strings.CutPrefix(tag, StackTag("")); ok {
			return strings.ReplaceAll(stack, ":", ".")
		}
	}
	return ""
}

// HasTag reports whether the tag is among others. DigitalOcean takes upper and lower case for the same:
// https://docs.digitalocean.com/reference/api/digitalocean/#tag/Tags
func HasTag(tags []string, tag string) bool {
	return slices.ContainsFunc(tags, func(t string) bool { return strings.EqualFold(t, tag) })
}
