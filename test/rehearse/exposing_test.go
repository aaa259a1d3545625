package rehearse

import (
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/dynamic"

	"doks-security/test/docpages"
)

// A running cluster is exposed by the commands of docs/access.md, and then closed again.
func TestExpose(t *testing.T) {
	commands := docpages.Section(documented(t, "access.md"), "Expose by a Gateway")
	out := &output{}
	ctx, e := session(t, out, nil)
	e.account.simulator.AddDomain("example.org")
	_, err := e.up(ctx)
	must(t, out, err)
	for _, line := range commands {
		if strings.Contains(line, " --secret ") { // asks for it
			line += " secret-0123456789abcdef"
		}
		must(t, out, e.shell(ctx, line))
	}
	// A second record of a hostname would answer every other request.
	domains := e.account.client(t).Domains
	other, _, err := domains.CreateRecord(ctx, "example.org", &godo.DomainRecordEditRequest{
		Type: "A", Name: "grafana", Data: "203.0.113.1",
	})
	must(t, out, err)
	refused(ctx, t, out, e, `DNS record "grafana.example.org"`,
		"pulumi config set --path 'exposure.hostnames.grafana' <another name>")
	_, err = domains.DeleteRecord(ctx, "example.org", other.ID)
	must(t, out, err)
	outputs, err := e.up(ctx)
	must(t, out, err)
	plane, err := e.account.clusters.only()
	must(t, out, err)
	custom, err := dynamic.NewForConfig(plane.RESTConfig())
	must(t, out, err)
	r := &report{out: out}
	must(t, out, checkExposure(ctx, custom, e.account, settled(ctx, t, e), outputs, "example.org", r))
	if len(r.failed) > 0 || len(commands) < 10 {
		t.Errorf("%d commands, failed %q\n%s", len(commands), r.failed, out)
	}
	must(t, out, e.preview(ctx, true))

	must(t, out, e.shell(ctx, "pulumi config rm --path doks-security:exposure"))
	_, err = e.up(ctx)
	must(t, out, err)
	closed := settled(ctx, t, e)
	if slices.ContainsFunc(closed.namespaces, func(n corev1.Namespace) bool { return n.Name == "gateway" }) ||
		len(e.account.simulator.Records("example.org")) > 0 {
		t.Errorf("the namespace gateway or records %v are left", e.account.simulator.Records("example.org"))
	}
	must(t, out, e.destroy(ctx, &report{out: out}))
}
