package incluster

import (
	"slices"
	"strings"

	"doks-security/stack/field"
)

const classSetting = "cluster.storageClass"

// StorageClass refuses a class that the cluster does not have, and another one for volumes that exist: neither a claim
// nor the template of a StatefulSet's claims can change it. A cluster without classes is one that does not exist yet.
func StorageClass(c *Cluster, class string, volumes []Volume, errs *field.Errors) {
	var classes []string
	for _, o := range c.Classes {
		classes = append(classes, o.Metadata.Name)
	}
	slices.Sort(classes)
	if len(classes) > 0 && !slices.Contains(classes, class) {
		errs.Add(classSetting, class, "a StorageClass of the cluster: "+strings.Join(classes, ", "),
			"correct it, or create the class first; `kubectl get storageclasses` lists them")
		return
	}
	for _, v := range volumes {
		for _, claim := range c.claimsOf(v) {
			if is := claim.Spec.Class; is != "" && is != class {
				errs.Add(classSetting, class, is+": the volume of "+claim.path()+" has this class, which no volume can change",
					"pulumi config set --path '"+classSetting+"' "+is)
				return
			}
		}
	}
}
