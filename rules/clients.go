package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// clientsFile sorts after the macro that it appends to.
const clientsFile = "11-api-clients.yaml"

// APIClients is a file of rules that lets the pods of releases of the user's own talk to the API server, as the tuning
// lets those of this stack: images are the repositories by the name of the namespace that they may run in. Names have
// no quotes. Without any there is no file.
func APIClients(images map[string][]string) map[string]string {
	if len(images) == 0 {
		return nil
	}
	var conditions []string
	for _, namespace := range slices.Sorted(maps.Keys(images)) {
		var names []string
		for _, image := range slices.Compact(slices.Sorted(slices.Values(images[namespace]))) {
			names = append(names, quote(image))
		}
		conditions = append(conditions, fmt.Sprintf("(k8s.ns.name = %s and\n      container.image.repository in (%s))",
			quote(namespace), strings.Join(names, ",\n      ")))
	}
	return map[string]string{clientsFile: "# Written by the program: the images of addons, each in its namespace.\n" +
		"- macro: user_known_contact_k8s_api_server_activities\n" +
		"  condition: >\n    or " + strings.Join(conditions, "\n    or ") + "\n" +
		"  override:\n    condition: append\n"}
}
