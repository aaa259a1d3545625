package rules

import (
	"fmt"
	"strings"
)

// Approval is where virtual clusters may run: in a namespace, wholly or only from images with one of the digests.
type Approval struct {
	// The namespace.
	Namespace string `json:"namespace" yaml:"namespace" required:"true" format:"approvedNamespace"`
	// Digests (sha256:...) of the images that may run a control plane there. Not set: any image.
	Digests []string `json:"digests" yaml:"digests" format:"digest" minItems:"1"`
}

// approvedFile sorts after the rules whose macro it replaces.
const approvedFile = "30-approved-virtual-clusters.yaml"

// approvals replaces the macro the rules read. The names are quoted: one that is also the name of a list would be
// replaced by the list's items.
func approvals(approved []Approval) string {
	var wholly, conditions []string
	for _, a := range approved {
		if len(a.Digests) == 0 {
			wholly = append(wholly, quote(a.Namespace))
			continue
		}
		digests := make([]string, len(a.Digests))
		for i, digest := range a.Digests {
			digests[i] = quote(digest)
		}
		conditions = append(conditions, fmt.Sprintf("(k8s.ns.name = %s and container.image.digest in (%s))",
			quote(a.Namespace), strings.Join(digests, ", ")))
	}
	if len(wholly) > 0 {
		conditions = append([]string{"k8s.ns.name in (" + strings.Join(wholly, ", ") + ")"}, conditions...)
	}
	return "# Written by the program from virtualClusters.approved.\n" +
		"- macro: virtual_cluster_approved\n" +
		"  condition: >\n    (" + strings.Join(conditions, "\n    or ") + ")\n" +
		"  override:\n    condition: replace\n"
}

func quote(text string) string { return `"` + text + `"` }
