package stack

import (
	"fmt"
	"strings"
	"testing"
)

// The logs go to both stores, each by a pipeline of its own; the key is read from the environment.
func TestForwardLogs(t *testing.T) {
	for _, c := range []struct{ name, logs, has string }{
		{"without a login", `{"url":"https://logs.example.org/push","tenant":"team-a"}`, `tenant_id = "team-a"`},
		{"a password", `{"url":"https://logs.example.org/push","username":"1","password":"key"}`,
			`password = sys.env("FORWARD_PASSWORD")`},
		{"a token", `{"url":"https://logs.example.org/push","bearerToken":"key"}`,
			`bearer_token = sys.env("FORWARD_TOKEN")`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{encrypted: []string{Project + ":forward"}}
			raw := map[string]string{"cluster": onePool, "forward": `{"logs":` + c.logs + `}`}
			if err := deploy(t, m, "dev", raw); err != nil {
				t.Fatal(err)
			}
			alloy := m.values("alloy")["alloy"].ObjectValue()
			text := alloy["configMap"].ObjectValue()["content"].StringValue()
			for _, want := range []string{c.has, `url = "https://logs.example.org/push"`, `loki.write "default"`,
				`loki.write "forward"`} {
				if !strings.Contains(text, want) {
					t.Errorf("%s\nhas no %s", text, want)
				}
			}
			if strings.Contains(c.has, "sys.env") != strings.Contains(fmt.Sprint(alloy["extraEnv"]), "FORWARD_") {
				t.Errorf("the environment is %v", alloy["extraEnv"])
			}
		})
	}
}

func TestForwardMetricsWithTokenAndTenant(t *testing.T) {
	m := &mocks{encrypted: []string{Project + ":forward"}}
	err := deploy(t, m, "dev", map[string]string{"cluster": onePool, "forward": `{"metrics":{` +
		`"url":"https://example.org/write","bearerToken":"key","tenant":"team-a","headers":{"X-Source":"doks"}}}`})
	if err != nil {
		t.Fatal(err)
	}
	spec := m.values("kube-prometheus-stack")["prometheus"].ObjectValue()["prometheusSpec"].ObjectValue()
	const want = "[map[authorization:map[credentials:map[key:token name:remote-write] type:Bearer] " +
		"headers:map[X-Scope-OrgID:team-a X-Source:doks] url:https://example.org/write]]"
	if got := fmt.Sprint(spec["remoteWrite"].Mappable()); got != want {
		t.Errorf("remoteWrite is %s, want %s", got, want)
	}
}
