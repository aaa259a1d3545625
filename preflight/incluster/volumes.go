package incluster

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"doks-security/stack/field"
)

// Growth is what it takes to make a volume larger.
type Growth int

const (
	// ByHelm is a claim in a chart: an update of the release grows it.
	ByHelm Growth = iota
	// ByOperator is a claim of prometheus-operator: it makes the StatefulSet again with the new size, but grows no claim.
	ByOperator
	// ByHand is a claim of a chart's StatefulSet: Kubernetes refuses to change the template, and Helm takes its update
	// back.
	ByHand
)

// Volume is a setting with the size of volumes, and the claims it is about.
type Volume struct {
	Key       string // of the setting
	GiB       int    // wanted, each
	Namespace string
	// Claim is the claim's name; of a StatefulSet's claims the template's.
	Claim       string
	StatefulSet string // empty: Claim is the only one
	Growth      Growth
}

// resizeGuide explains the commands.
const resizeGuide = "docs/operating.md#resize-volumes"

// Volumes refuses sizes that pulumi up cannot give to existing volumes: Kubernetes shrinks none, and grows those of a
// StatefulSet only claim by claim. It compares what the claims request: after the commands of an error were run, the
// setting passes, whether or not the disk has grown yet.
func Volumes(c *Cluster, volumes []Volume, errs *field.Errors) {
	for _, v := range volumes {
		claims := c.claimsOf(v)
		largest := Claim{}
		for _, claim := range claims {
			if claim.gib() > largest.gib() {
				largest = claim
			}
		}
		exists := int(math.Ceil(largest.gib()))
		keep := fmt.Sprintf("keep the size: pulumi config set --path '%s' %d", v.Key, exists)
		if v.GiB < exists {
			errs.Add(v.Key, v.GiB, fmt.Sprintf("%d or more: the volume of %s exists with %d GiB, and no volume can shrink",
				exists, largest.path(), exists), keep)
			continue
		}
		commands := c.resize(v, claims)
		if v.Growth == ByHelm || len(commands) == 0 {
			continue
		}
		fix := fmt.Sprintf("run these commands, then pulumi up again (%s)", resizeGuide)
		if v.GiB > exists {
			fix = keep + "; or " + fix
		}
		errs.Add(v.Key, v.GiB,
			fmt.Sprintf("the size of the existing volumes, here %d GiB: pulumi up does not grow them", exists),
			fix+":\n  "+strings.Join(commands, "\n  "))
	}
}

// resize lists the commands that give existing claims the wanted size.
func (c *Cluster) resize(v Volume, claims []Claim) []string {
	var commands []string
	for _, claim := range claims {
		if claim.gib() < float64(v.GiB) {
			commands = append(commands,
				fmt.Sprintf(`kubectl --namespace %s patch pvc %s --patch '{"spec":{"resources":{"requests":{"storage":"%dGi"}}}}'`,
					v.Namespace, claim.Metadata.Name, v.GiB))
		}
	}
	if v.Growth != ByHand {
		return commands
	}
	for _, set := range c.StatefulSets {
		if set.Metadata.Namespace != v.Namespace || set.Metadata.Name != v.StatefulSet {
			continue
		}
		for _, template := range set.Spec.VolumeClaimTemplates {
			if template.Metadata.Name == v.Claim && template.gib() != float64(v.GiB) {
				commands = append(commands, fmt.Sprintf("kubectl --namespace %s delete statefulset %s --cascade=orphan",
					v.Namespace, v.StatefulSet))
			}
		}
	}
	return commands
}

// claimsOf are the claims of a setting: one, or one for each replica that a StatefulSet has or had.
func (c *Cluster) claimsOf(v Volume) []Claim {
	var claims []Claim
	for _, claim := range c.Claims {
		name := claim.Metadata.Name
		if v.StatefulSet != "" {
			ordinal, ok := strings.CutPrefix(name, v.Claim+"-"+v.StatefulSet+"-")
			if _, err := strconv.Atoi(ordinal); !ok || err != nil {
				continue
			}
			name = v.Claim
		}
		if claim.Metadata.Namespace == v.Namespace && name == v.Claim {
			claims = append(claims, claim)
		}
	}
	return claims
}

func (o Object) path() string {
	if o.Metadata.Namespace == "" {
		return o.Metadata.Name
	}
	return o.Metadata.Namespace + "/" + o.Metadata.Name
}

// units are the suffixes of a Kubernetes quantity of bytes.
var units = map[string]float64{
	"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40,
}

// gib is the requested size; 0 when it cannot be read.
func (c Claim) gib() float64 {
	quantity := c.Spec.Resources.Requests.Storage
	number := strings.TrimRight(quantity, "kMGTKi")
	value, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0
	}
	return value * units[quantity[len(number):]] / (1 << 30)
}
