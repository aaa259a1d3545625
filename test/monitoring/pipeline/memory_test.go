package pipeline

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"doks-security/values"
)

// burst is the n-th event of a flood as falcosidekick sends it: about 2 kB.
func burst(n int) Alert {
	output := strings.Repeat("A process did something that it should not do. ", 8)
	e := firing(output, fmt.Sprint("alertname=Rule ", n%10), fmt.Sprint("rule=Rule ", n%10), "source=falco",
		"severity=critical", "hostname=node-a", "k8s_ns_name=shop", fmt.Sprint("k8s_pod_name=web-", n%50),
		fmt.Sprint("evt_time=", n), "proc_cmdline="+strings.Repeat("x", 300), "container_id=3ad7b26ded6d",
		"container_image_repository=docker.io/library/nginx", "user_name=root", "proc_name=sh", "priority=Critical")
	e.Annotations["info"], e.Annotations["summary"] = output, "Rule"
	return e
}

// docs/scaling.md: 100 events a second in an incident. Within the 15 minutes for which Alertmanager keeps each, they
// are 90,000; those of ten rules take less memory than the container may have, in each profile.
func TestBurstFitsIntoAlertmanagersMemory(t *testing.T) {
	l, sink := newLab(t, "alertmanager")
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("no /proc: the memory of a program is read from there")
	}
	a := startAlertmanager(t, l, sink)
	const events, batch = 90_000, 100
	for n := 0; n < events; n += batch {
		var alerts []Alert
		for i := range batch {
			alerts = append(alerts, burst(n+i))
		}
		send(t, a, alerts...)
	}
	time.Sleep(300 / faster * time.Second) // all groups are notified
	_, most, err := a.MemoryMiB()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d events: %d MiB", events, most)
	for _, profile := range values.Profiles {
		limit := memoryLimit(t, render(t, profile, ""), "kube-prometheus-stack",
			"alertmanager", "alertmanagerSpec", "resources", "limits", "memory")
		if limit-most < limit/4 {
			t.Errorf("%s: %d MiB of a limit of %d MiB: less than a quarter is free", profile, most, limit)
		}
	}
}
