package rehearse

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/values"
)

// The addon of the documentation is added to a running stack and removed again, by the commands of the page. In between
// all is as after a first deployment: connections, monitors, cost, drift.
func TestAddon(t *testing.T) {
	page := documented(t, "addons.md")
	out := &output{}
	ctx := within(t)
	o := options(t, "dev", out)
	o.Addons, o.Config = values.ExampleAddonsDir, onePool(nil)
	r := &report{out: out}
	e, err := open(ctx, o, r)
	must(t, out, err)
	t.Cleanup(func() { must(t, out, e.close()) })
	_, err = e.up(ctx)
	must(t, out, err)
	run := func(line, value string) {
		t.Helper()
		if !strings.Contains(page, line) {
			t.Errorf("docs/addons.md does not have: %s", line)
		}
		must(t, out, e.shell(ctx, line+value))
	}
	run("pulumi config set --path 'doks-security:addons.enabled[0]' external-dns", "")
	run("pulumi config set --secret --path doks-security:addons.secrets.external-dns.token", " hunter2")
	outputs, err := e.up(ctx)
	must(t, out, err)
	must(t, out, verify(ctx, e.account, outputs, e.workspace, r))
	must(t, out, e.preview(ctx, true))
	if strings.Contains(out.String(), "hunter2") {
		t.Error("the secret is printed")
	}
	plane, err := e.account.clusters.only()
	must(t, out, err)
	client := plane.Client().CoreV1()
	secret, err := client.Secrets("external-dns").Get(ctx, "external-dns-secrets", metav1.GetOptions{})
	must(t, out, err)
	if string(secret.Data["token"]) != "hunter2" {
		t.Errorf("the Secret holds %q", secret.Data)
	}
	if want := "7 Helm releases are deployed: alloy, external-dns"; !strings.Contains(out.String(), want) {
		t.Errorf("output does not contain %q:\n%s", want, out)
	}

	run("pulumi config rm doks-security:addons", "")
	_, err = e.up(ctx)
	must(t, out, err)
	_, err = client.Namespaces().Get(ctx, "external-dns", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("err = %v, want the namespace to be gone", err)
	}
	must(t, out, e.preview(ctx, true))
	must(t, out, r.err())
	must(t, out, e.destroy(ctx, r))
}
