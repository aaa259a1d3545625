package rehearse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/cli"

	"doks-security/test/controlplane"
	"doks-security/test/drift"
)

// What is deleted or changed by hand inside a release is found though Pulumi does not see it, and docs/recovery.md and
// the commands of the report restore it.
func TestReleaseDrift(t *testing.T) {
	page := documented(t, "recovery.md")
	out := &output{}
	ctx, e := session(t, out, nil)
	_, err := e.up(ctx)
	must(t, out, err)
	settled(ctx, t, e)
	plane, err := e.account.clusters.only()
	must(t, out, err)
	wantDrift(ctx, t, plane, nil)

	expectNoChanges := func() {
		t.Helper()
		must(t, out, e.preview(ctx, true))
		_, err := e.stack.PreviewRefresh(ctx, optrefresh.RunProgram(true), optrefresh.ExpectNoChanges(),
			optrefresh.SuppressOutputs())
		must(t, out, err)
	}
	for _, command := range []string{
		"kubectl --namespace monitoring scale deployment kube-prometheus-stack-grafana --replicas=0",
		"kubectl --namespace metrics-server delete deployment metrics-server",
		"kubectl --namespace falco set image deployment/falco-falcosidekick falcosidekick=example.org/falcosidekick:none",
		`kubectl --namespace node-agents patch configmap alloy --patch '{"data":{"config.alloy":"","added":"by hand"}}'`,
		"kubectl --namespace loki label service loki by=hand",
		// No drift: a restart.
		"kubectl --namespace falco rollout restart deployment falco-falcosidekick-ui",
	} {
		must(t, out, e.shell(ctx, command))
	}
	expectNoChanges()
	printed := wantDrift(ctx, t, plane, []string{
		"falco/falco Deployment falco/falco-falcosidekick spec.template.spec.containers[falcosidekick].image",
		"loki/loki Service loki/loki metadata.labels.by",
		"metrics-server/metrics-server Deployment metrics-server/metrics-server ",
		"monitoring/kube-prometheus-stack Deployment monitoring/kube-prometheus-stack-grafana spec.replicas",
		"node-agents/alloy ConfigMap node-agents/alloy data.added",
		"node-agents/alloy ConfigMap node-agents/alloy data[config.alloy]",
	})
	for line := range strings.Lines(printed) {
		if command := strings.TrimSpace(line); strings.HasPrefix(command, "helm ") &&
			!strings.Contains(command, "metrics-server") {
			must(t, out, e.shell(ctx, command))
		}
	}
	e.follow(ctx, t, page, "Repair a release", "make")
	// Helm never rendered these, so it does not remove them.
	wantDrift(ctx, t, plane, []string{"loki/loki Service loki/loki metadata.labels.by",
		"node-agents/alloy ConfigMap node-agents/alloy data.added"})
	must(t, out, e.shell(ctx, "kubectl --namespace loki label service loki by-"))
	must(t, out, e.shell(ctx, `kubectl --namespace node-agents patch configmap alloy --patch '{"data":{"added":null}}'`))
	wantDrift(ctx, t, plane, nil)
	expectNoChanges()

	// A volume that was grown is no drift, but its release cannot be updated before its setting has the size.
	must(t, out, e.shell(ctx,
		`kubectl --namespace monitoring patch pvc kube-prometheus-stack-grafana --patch `+
			`'{"spec":{"resources":{"requests":{"storage":"40Gi"}}}}'`))
	wantDrift(ctx, t, plane, nil)
	if err := e.shell(ctx, "helm --namespace monitoring rollback kube-prometheus-stack 2"); err == nil {
		t.Error("a volume was shrunk")
	}
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:observability.grafanaVolumeGiB 40"))
	must(t, out, e.shell(ctx, "pulumi up"))
	wantDrift(ctx, t, plane, nil)
	must(t, out, e.destroy(ctx, &report{out: out}))
}

// wantDrift compares what is found with release, object and path of each finding, and returns the report.
func wantDrift(ctx context.Context, t *testing.T, plane *controlplane.ControlPlane, want []string) string {
	t.Helper()
	report, err := drift.Find(ctx, plane.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range report.Findings {
		got = append(got, fmt.Sprintf("%s/%s %s %s %s", f.Namespace, f.Release, f.Kind, f.Object, f.Path))
	}
	slices.Sort(got)
	text := &strings.Builder{}
	report.Print(text)
	if !slices.Equal(got, want) || report.Releases == 0 || report.Objects < report.Releases {
		t.Errorf("found %q\nwant %q\n%s", got, want, text)
	}
	for line := range strings.Lines(text.String()) {
		if len(line) > 81 && !strings.Contains(line, "kubectl") && !strings.Contains(line, "helm") {
			t.Errorf("wider than 80 columns: %s", line)
		}
	}
	return text.String()
}

// helm plays `helm --namespace NAMESPACE rollback RELEASE REVISION`: Helm's command line is not built here, its action
// is.
func helm(args []string) error {
	if len(args) != 5 || args[0] != "--namespace" || args[2] != "rollback" {
		return errors.New("usage: helm --namespace NAMESPACE rollback RELEASE REVISION")
	}
	configuration := &action.Configuration{}
	settings := cli.New()
	settings.SetNamespace(args[1])
	if err := configuration.Init(settings.RESTClientGetter(), args[1], os.Getenv("HELM_DRIVER"),
		func(string, ...any) {}); err != nil {
		return err
	}
	revision, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	rollback := action.NewRollback(configuration)
	rollback.Version, rollback.Timeout = revision, time.Minute
	return rollback.Run(args[3])
}
