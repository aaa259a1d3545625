package stack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Where falcosidekick delivers to is in a Secret that it reads as its environment, and nowhere in Helm values; its
// deliveries are compared with the events that it took.
func TestOutputsOfFalcosidekick(t *testing.T) {
	m := &mocks{encrypted: []string{Project + ":runtimeSecurity"}}
	err := deploy(t, m, "dev", map[string]string{"cluster": onePool, "runtimeSecurity": `{"outputs":{` +
		`"splunk":{"host":"https://splunk.example.org:8088/services/collector/event","token":"hec-token",` +
		`"minimumpriority":"warning"},` +
		`"loki":{"hostport":"https://logs.example.org","tenant":"team-a","customheaders":{"X-Key":"header-key"}}}}`})
	if err != nil {
		t.Fatal(err)
	}
	data := m.resources["kubernetes:core/v1:Secret::falco-falcosidekick-outputs"]["stringData"]
	if !data.IsSecret() {
		t.Fatalf("the Secret's data %v is plain text in the state", data)
	}
	for name, want := range map[string]string{
		"SPLUNK_HOST":  "https://splunk.example.org:8088/services/collector/event",
		"SPLUNK_TOKEN": "hec-token", "SPLUNK_MINIMUMPRIORITY": "warning", "LOKI_TENANT": "team-a",
		"LOKI_CUSTOMHEADERS": "X-Key:header-key",
	} {
		got := data.SecretValue().Element.ObjectValue()[resource.PropertyKey(name)]
		if !got.IsString() || got.StringValue() != want {
			t.Errorf("%s is %v, want %q", name, got, want)
		}
	}
	sidekick := m.values("falco")["falcosidekick"].ObjectValue()
	if got := sidekick["config"].ObjectValue()["existingSecret"]; got.StringValue() != "falcosidekick-outputs" {
		t.Errorf("falcosidekick reads %v", got)
	}
	if text := fmt.Sprint(sidekick.Mappable()); strings.Contains(text, "splunk") || strings.Contains(text, "header-key") {
		t.Errorf("values hold the output: %v", text)
	}
	rules := fmt.Sprint(m.resources[customResource+"falcosidekick-outputs"].Mappable())
	for _, want := range []string{"destination:loki", `|error|warning"}) labels:map[destination:splunk]`} {
		if !strings.Contains(rules, want) {
			t.Errorf("rules %s\nwant %q", rules, want)
		}
	}
}
