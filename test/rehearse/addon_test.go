package rehearse

import (
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/values"
)

// The addons of the documentation are added to a running stack and removed again, by the commands of their pages. In
// between all is as after a first deployment: connections, monitors, cost, drift.
func TestAddon(t *testing.T) {
	for _, a := range []struct{ page, folder, path, key, value string }{
		{"addons.md", "external-dns", "doks-security:addons.secrets.external-dns.token", "token", "hunter2"},
		{"scanning.md", "trivy-operator", `'doks-security:addons.secrets.trivy-operator[".dockerconfigjson"]'`,
			".dockerconfigjson", `{"auths":{"registry.example.org":{"auth":"aHVudGVyMjpodW50ZXIy"}}}`},
	} {
		t.Run(a.folder, func(t *testing.T) { addAndRemove(t, a.page, a.folder, a.path, a.key, a.value) })
	}
}

// addAndRemove is TestAddon of the addon in a folder, with one secret: its path as the page has it, its key and value.
func addAndRemove(t *testing.T, file, folder, path, key, value string) {
	t.Helper()
	page := documented(t, file)
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
			t.Errorf("docs/%s does not have: %s", file, line)
		}
		must(t, out, e.shell(ctx, line+value))
	}
	run("pulumi config set --path 'doks-security:addons.enabled[0]' "+folder, "")
	run("pulumi config set --secret --path "+path, " '"+value+"'")
	outputs, err := e.up(ctx)
	must(t, out, err)
	must(t, out, verify(ctx, e.account, outputs, e.workspace, r))
	must(t, out, e.preview(ctx, true))
	if strings.Contains(out.String(), value) {
		t.Error("the secret is printed")
	}
	plane, err := e.account.clusters.only()
	must(t, out, err)
	client := plane.Client().CoreV1()
	secret, err := client.Secrets(folder).Get(ctx, folder+"-secrets", metav1.GetOptions{})
	must(t, out, err)
	if string(secret.Data[key]) != value {
		t.Errorf("the Secret holds %q", secret.Data)
	}
	releases := []string{"alloy", "falco", "kube-prometheus-stack", "loki", "metrics-server", "prometheus-operator-crds",
		folder}
	slices.Sort(releases)
	want := "7 Helm releases are deployed: " + strings.Join(releases, ", ")
	if !strings.Contains(out.String(), want) {
		t.Errorf("output does not contain %q:\n%s", want, out)
	}

	must(t, out, e.shell(ctx, "pulumi config rm doks-security:addons")) // as docs/addons.md has it
	_, err = e.up(ctx)
	must(t, out, err)
	_, err = client.Namespaces().Get(ctx, folder, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("err = %v, want the namespace to be gone", err)
	}
	must(t, out, e.preview(ctx, true))
	must(t, out, r.err())
}
