package components

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"doks-security/values"
)

// capturesScript is what the container next to Falco runs, with MiB and seconds as arguments.
//
//go:embed captures.sh
var capturesScript string

const capturesDir = "/captures"

// Capture has Falco write the system calls of a node to files in its pod, from an event of a rule on. The rules have
// `capture: true` (rules.Captures).
type Capture struct {
	Seconds int // that a capture lasts after the last event of any rule
	KeepMiB int // of the files of a pod; the oldest are deleted
}

// largestFileMiB is at what size Falco ends a capture: the files that are kept are of several.
func (c *Capture) largestFileMiB() int { return min(c.KeepMiB/5, 100) }

// values are the part of the values of Falco's chart; overridden are those of the user, of which the image counts.
func (c *Capture) values(chart values.Chart, overridden map[string]any) map[string]any {
	if c == nil {
		return nil
	}
	mount := map[string]any{"name": "captures", "mountPath": capturesDir}
	return map[string]any{
		"falco": map[string]any{"capture": map[string]any{
			"enabled": true, "mode": "rules", "path_prefix": capturesDir + "/falco",
			"default_duration": c.Seconds * 1000, "max_file_size_mb": c.largestFileMiB(),
		}},
		"mounts": map[string]any{
			// Without a limit: the kubelet evicts a pod that exceeds it.
			"volumes":      []any{map[string]any{"name": "captures", "emptyDir": map[string]any{}}},
			"volumeMounts": []any{mount},
		},
		"extra": map[string]any{"initContainers": []any{map[string]any{
			"name":          "captures",
			"image":         falcoImage(chart, overridden),
			"restartPolicy": "Always", // it runs as long as Falco
			"command":       []any{"sh", "-c", capturesScript, "captures", strconv.Itoa(c.KeepMiB), "5"},
			"workingDir":    capturesDir,
			"volumeMounts":  []any{mount},
			"resources": map[string]any{
				"requests": map[string]any{"cpu": "5m", "memory": "8Mi"}, "limits": map[string]any{"memory": "64Mi"},
			},
			"securityContext": map[string]any{
				"runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, // an emptyDir is everyone's to change
				"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
				"capabilities":   map[string]any{"drop": []any{"ALL"}},
				"seccompProfile": map[string]any{"type": "RuntimeDefault"},
			},
		}}},
	}
}

// falcoImage is the image of Falco's own container, which overrides may take from another registry.
func falcoImage(chart values.Chart, overridden map[string]any) string {
	image := map[string]any{"registry": "docker.io", "repository": "falcosecurity/falco", "tag": chart.AppVersion}
	own, _ := overridden["image"].(map[string]any)
	for key, value := range own {
		switch {
		case value != nil && value != "":
			image[key] = value
		case key == "registry": // the chart leaves it out
			image[key] = ""
		}
	}
	return strings.TrimPrefix(fmt.Sprintf("%v/%v:%v", image["registry"], image["repository"], image["tag"]), "/")
}
