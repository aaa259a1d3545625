package stack

import (
	"fmt"
	"strings"
	"testing"
)

// The bucket with the logs of a cluster that is gone is not deleted with the next one's settings.
func TestDeployKeepsTheBucketOfALostCluster(t *testing.T) {
	for _, c := range []struct{ name, logs, logging, want string }{
		{"logs on the volume from now on", "spaces:fra1/logs", `{}`, "in the bucket logs, which would be deleted"},
		{"the same bucket", "spaces:fra1/logs", `{"storage":"spaces","spaces":{"bucket":"logs"}}`, ""},
		{"never a bucket", "volume", `{}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{previous: "gone-id", previousStack: Project + "/dev", previousLogs: c.logs}
			err := deploy(t, m, "dev", map[string]string{"cluster": onePool, "logging": c.logging})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want %q", err, c.want)
			}
		})
	}
}

// A running Loki keeps the period of its volume, and gets one of the bucket from a day on.
func TestDeployLogsToSpacesFromADay(t *testing.T) {
	m := &mocks{}
	err := deploy(t, m, "dev", map[string]string{"cluster": onePool,
		"logging": `{"storage":"spaces","spaces":{"from":"2099-01-01"}}`})
	if err != nil {
		t.Fatal(err)
	}
	loki := m.values("loki").Mappable()
	var periods []string
	for _, p := range loki["loki"].(map[string]any)["schemaConfig"].(map[string]any)["configs"].([]any) {
		periods = append(periods, fmt.Sprint(p.(map[string]any)["from"], " ", p.(map[string]any)["object_store"]))
	}
	if got := strings.Join(periods, ", "); got != "2026-01-01 filesystem, 2099-01-01 s3" {
		t.Errorf("periods %q", got)
	}
	binary := loki["singleBinary"].(map[string]any)
	if fmt.Sprint(binary["replicas"]) != "1" {
		t.Errorf("%v replicas: the older logs are on the volume of one", binary["replicas"])
	}
	got := binary["annotations"].(map[string]any)["doks-security/logs"]
	if got != "spaces:fra1/doks-security-dev-loki:2099-01-01" {
		t.Errorf("the annotation is %v", got)
	}
}
