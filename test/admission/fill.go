package admission

import (
	"fmt"
	"strings"
)

// fill makes a pod large: n characters or n items of what is named, in its own container where it is one of a
// container. The names are valid, so that the API server takes the object, if its size is the only thing that is odd.
func fill(pod object, what string, n int) {
	filler := object{"name": "filler", "image": "registry.example.org/filler:1"}
	text := strings.Repeat("x", n)
	switch what {
	case "argument": // one of n characters
		filler["args"] = []any{text}
	case "wide argument": // one of n characters of three bytes each
		filler["args"] = []any{strings.Repeat("語", n)}
	case "matching argument": // one that keeps every pattern busy
		filler["args"] = []any{strings.Repeat(" vcluster k3s $ --etcd-servers kube-apiserverx", n/46)}
	case "empty arguments":
		filler["args"] = list(make([]string, n))
	case "hook":
		filler["lifecycle"] = object{"postStart": object{"exec": object{"command": []any{text}}}}
	case "value": // of an environment variable, which the command refers to
		filler["args"] = []any{"$(A)"}
		filler["env"] = []any{object{"name": "A", "value": text}}
	case "variables":
		env := make([]any, n)
		for i := range env {
			env[i] = object{"name": fmt.Sprintf("A%d", i)}
		}
		filler["env"] = env
	case "image":
		filler["image"] = text
	case "containers":
		containers := pod["containers"].([]any)
		for i := range n {
			containers = append(containers, object{"name": fmt.Sprintf("c%d", i), "image": "c"})
		}
		pod["containers"] = containers
		return
	case "long images": // n containers with images of 1,000 characters
		containers := pod["containers"].([]any)
		for i := range n {
			containers = append(containers, object{"name": fmt.Sprintf("c%d", i), "image": strings.Repeat("k3s/", 250)})
		}
		pod["containers"] = containers
		return
	case "volumes":
		volumes, _ := pod["volumes"].([]any)
		for i := range n {
			volumes = append(volumes, object{"name": fmt.Sprintf("v%d", i), "emptyDir": object{}})
		}
		pod["volumes"] = volumes
		return
	case "image volumes":
		volumes, _ := pod["volumes"].([]any)
		for i := range n {
			image := object{"reference": strings.Repeat("k3s/", 250)}
			volumes = append(volumes, object{"name": fmt.Sprintf("v%d", i), "image": image})
		}
		pod["volumes"] = volumes
		return
	default:
		panic("no filler " + what)
	}
	pod["containers"] = append(pod["containers"].([]any), filler)
}
