// Package admission has the cases of the admission policy for virtual clusters: requests to the API server, with what
// the policy must answer. The tests of this package send them to a real API server, those of package cost evaluate them
// as the API server does and add up the cost.
package admission

import (
	"embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"doks-security/rules"
)

//go:embed cases
var files embed.FS

// Case is a request to the API server. Without an expectation it must be admitted without a warning.
type Case struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"`      // default: Pod
	Namespace string `json:"namespace"` // default: shop

	// The container a, and the pod around it.
	Image          string            `json:"image"`
	Command        []string          `json:"command"`
	Args           []string          `json:"args"`
	Env            map[string]string `json:"env"`
	InitImage      string            `json:"initImage"`
	Labels         map[string]string `json:"labels"`
	ServiceAccount string            `json:"serviceAccount"`
	SecretVolume   string            `json:"secretVolume"`
	Container      map[string]any    `json:"container"` // other fields of the container
	Pod            map[string]any    `json:"pod"`       // other fields of the pod's spec
	Spec           map[string]any    `json:"spec"`      // other fields of the object's spec
	// Fill adds what makes the object large; see fill.
	Fill map[string]int `json:"fill"`

	// Patch is a strategic merge patch: the object above exists, from before the policy, and this changes it.
	Patch       map[string]any `json:"patch"`
	Subresource string         `json:"subresource"`
	// Kubelet sends the request as the kubelet of the node in the pod's spec.
	Kubelet bool `json:"kubelet"`

	Refused string `json:"refused"` // part of the reason: denied by deny, warned of by warn
	Warned  string `json:"warned"`  // part of the reason where the namespace is exempt: warned of in both modes
	// Limit is a sentence of docs/policies.md that says why the policy cannot see this virtual cluster.
	Limit string `json:"limit"`
}

// Load reads all cases; their names are unique.
func Load() ([]Case, error) {
	var all []Case
	entries, err := files.ReadDir("cases")
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, entry := range entries {
		text, err := files.ReadFile(path.Join("cases", entry.Name()))
		if err != nil {
			return nil, err
		}
		var cases []Case
		if err := yaml.UnmarshalStrict(text, &cases); err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		for _, c := range cases {
			if c.Name = strings.TrimSuffix(entry.Name(), ".yaml") + "/" + c.Name; seen[c.Name] {
				return nil, fmt.Errorf("two cases %q", c.Name)
			}
			seen[c.Name] = true
			if c.Kind == "" {
				c.Kind = "Pod"
			}
			if c.Namespace == "" {
				c.Namespace = "shop"
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// Approved are the approvals of the cases: a namespace, images in another, and 500 tenants with three images each.
func Approved() []rules.Approval {
	digest := func(n int) string { return fmt.Sprintf("sha256:%064d", n) }
	approved := []rules.Approval{
		{Namespace: "team-a"},
		{Namespace: "team-b", Digests: []string{"sha256:" + strings.Repeat("1", 64)}},
	}
	for i := range 500 {
		approved = append(approved, rules.Approval{
			Namespace: fmt.Sprintf("tenant-%03d-%s", i, strings.Repeat("x", 40)),
			Digests:   []string{digest(3 * i), digest(3*i + 1), digest(3*i + 2)},
		})
	}
	return approved
}

// Exempt are the exempt namespaces of the cases, in addition to kube-system.
var Exempt = []string{"falco", "monitoring"}

// Resources are the resources of the API by kind.
var Resources = map[string]schema.GroupVersionResource{
	"Pod":                   {Version: "v1", Resource: "pods"},
	"PodTemplate":           {Version: "v1", Resource: "podtemplates"},
	"ReplicationController": {Version: "v1", Resource: "replicationcontrollers"},
	"Deployment":            {Group: "apps", Version: "v1", Resource: "deployments"},
	"StatefulSet":           {Group: "apps", Version: "v1", Resource: "statefulsets"},
	"DaemonSet":             {Group: "apps", Version: "v1", Resource: "daemonsets"},
	"ReplicaSet":            {Group: "apps", Version: "v1", Resource: "replicasets"},
	"Job":                   {Group: "batch", Version: "v1", Resource: "jobs"},
	"CronJob":               {Group: "batch", Version: "v1", Resource: "cronjobs"},
}

type object = map[string]any

// Object is the object of the request; with a patch, the one that is patched.
func (c Case) Object(name string) *unstructured.Unstructured {
	container := object{"name": "a", "image": c.Image}
	if c.Command != nil {
		container["command"] = list(c.Command)
	}
	if c.Args != nil {
		container["args"] = list(c.Args)
	}
	var env []any
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		env = append(env, object{"name": name, "value": c.Env[name]})
	}
	if env != nil {
		container["env"] = env
	}
	maps.Copy(container, c.Container)
	labels := object{"test": name} // so that no controller adopts the pods of another case
	for name, value := range c.Labels {
		labels[name] = value
	}
	pod := object{"containers": []any{container}}
	if c.InitImage != "" {
		pod["initContainers"] = []any{object{"name": "init", "image": c.InitImage}}
	}
	if c.ServiceAccount != "" {
		pod["serviceAccountName"] = c.ServiceAccount
	}
	if c.SecretVolume != "" {
		pod["volumes"] = []any{object{"name": "config", "secret": object{"secretName": c.SecretVolume}}}
	}
	maps.Copy(pod, c.Pod)
	for what, n := range c.Fill {
		fill(pod, what, n)
	}
	all := c.around(pod, labels, name)
	if spec, ok := all["spec"].(object); ok {
		maps.Copy(spec, c.Spec)
	}
	return &unstructured.Unstructured{Object: all}
}

// around wraps a pod's spec into the object of the case's kind.
func (c Case) around(pod, labels object, name string) object {
	template := object{"metadata": object{"labels": labels}, "spec": pod}
	all := object{
		"apiVersion": Resources[c.Kind].GroupVersion().String(), "kind": c.Kind,
		"metadata": object{"name": name, "namespace": c.Namespace, "labels": labels},
	}
	switch c.Kind {
	case "Pod":
		all["spec"] = pod
	case "PodTemplate":
		all["template"] = template
	case "Job", "CronJob":
		pod["restartPolicy"] = "Never"
		all["spec"] = object{"template": template}
		if c.Kind == "CronJob" {
			all["spec"] = object{"schedule": "0 4 * * *", "jobTemplate": object{"spec": all["spec"]}}
		}
	case "ReplicationController":
		all["spec"] = object{"selector": object{"test": name}, "template": template}
	default:
		all["spec"] = object{"selector": object{"matchLabels": object{"test": name}}, "template": template}
	}
	if c.Kubelet {
		all["metadata"].(object)["annotations"] = object{"kubernetes.io/config.mirror": "a"}
	}
	return all
}

func list(texts []string) []any {
	all := make([]any, len(texts))
	for i, t := range texts {
		all[i] = t
	}
	return all
}
