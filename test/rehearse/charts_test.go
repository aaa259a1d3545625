package rehearse

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"helm.sh/helm/v3/pkg/repo"

	helmcharts "doks-security/charts"
	"doks-security/stack"
	"doks-security/test/fakecharts"
	"doks-security/values"
)

// fromRepository is the program with releases that name a chart of a Helm repository, as they did before their archives
// were files.
func fromRepository(t *testing.T, repository string) pulumi.RunFunc {
	t.Helper()
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, pin := range pins {
		names[helmcharts.Path(pin)] = pin.Name
	}
	return func(ctx *pulumi.Context) error {
		transform := func(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
			props, ok := args.Props.(pulumi.Map)
			if args.Type != "kubernetes:helm.sh/v3:Release" || !ok {
				return nil
			}
			props = maps.Clone(props)
			props["chart"] = pulumi.String(names[string(props["chart"].(pulumi.String))])
			props["repositoryOpts"] = pulumi.Map{"repo": pulumi.String(repository)}
			return &pulumi.ResourceTransformationResult{Props: props, Opts: args.Opts}
		}
		err := ctx.RegisterStackTransformation(transform)
		if err != nil {
			return err
		}
		return stack.Deploy(ctx)
	}
}

// serveCharts is a Helm repository of stand-ins, and its directory.
func serveCharts(t *testing.T) (*httptest.Server, string) {
	t.Helper()
	dir := t.TempDir()
	if err := fakecharts.WriteStandIns(dir); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	index, err := repo.IndexDirectory(dir, server.URL)
	if err == nil {
		err = index.WriteFile(filepath.Join(dir, "index.yaml"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return server, dir
}

// exported is the state, as text.
func exported(ctx context.Context, t *testing.T, e *engine, out *output) string {
	t.Helper()
	state, err := e.stack.Export(ctx)
	must(t, out, err)
	return string(state.Deployment)
}

// A running stack whose releases name a repository gets the local archives in place; from then on no preview needs a
// repository, also in another checkout, and a destroy needs no chart at all.
func TestChartsOfARunningStack(t *testing.T) {
	t.Setenv("HELM_REPOSITORY_CACHE", t.TempDir())
	repository, mirror := serveCharts(t)
	defer repository.Close()
	run := fromRepository(t, repository.URL)
	out := &output{}
	ctx := within(t)
	o := options(t, "dev", out)
	o.Config = mergeConfig(onePool(nil), map[string]any{"doks-security:charts": map[string]any{"mirror": mirror,
		"unverified": true}})
	o.Program = func(ctx *pulumi.Context) error { return run(ctx) }
	e, err := open(ctx, o, &report{out: out})
	must(t, out, err)
	t.Cleanup(func() { must(t, out, e.close()) })
	_, err = e.up(ctx)
	must(t, out, err)
	if state := exported(ctx, t, e, out); !strings.Contains(state, repository.URL) {
		t.Fatal("the releases of before name no repository")
	}

	run = stack.Deploy
	repository.Close()
	e.updated(ctx, t, out)
	must(t, out, e.preview(ctx, true))
	state := exported(ctx, t, e, out)
	for _, place := range []string{repository.URL, mirror, e.workspace.project} {
		if strings.Contains(state, place) {
			t.Errorf("the state has %s, which another machine has not", place)
		}
	}
	pins, err := values.Charts()
	must(t, out, err)
	if path := helmcharts.Path(pins["falco"]); !strings.Contains(state, `"`+path+`"`) {
		t.Errorf("the state does not have %s, the path of Falco's chart", path)
	}

	file, err := e.writeAttachment()
	must(t, out, err)
	elsewhere := &output{}
	must(t, elsewhere, Preview(ctx, Options{
		Root: o.Root, Dir: o.Dir, Program: stack.Deploy, CLI: o.CLI, Out: elsewhere, Config: o.Config,
	}, file))
	if text := elsewhere.String(); !strings.Contains(text, " unchanged") || strings.Contains(text, " to update") {
		t.Errorf("another checkout plans changes:\n%s", text)
	}

	// No archive is left, neither here nor at the mirror.
	must(t, out, os.RemoveAll(filepath.Join(e.workspace.project, helmcharts.Dir)))
	archives, err := filepath.Glob(filepath.Join(mirror, "*.tgz"))
	must(t, out, err)
	for _, archive := range archives {
		must(t, out, os.Remove(archive))
	}
	err = e.preview(ctx, true)
	if err == nil || !strings.Contains(out.String(), "6 Helm charts are not available") ||
		!strings.Contains(out.String(), "CHARTS_OFFLINE=1") {
		t.Errorf("err = %v, want one of the preview about the charts", err)
	}
	t.Setenv("CHARTS_OFFLINE", "1")
	_, err = e.stack.Destroy(ctx, optdestroy.RunProgram(true), optdestroy.ProgressStreams(out))
	must(t, out, err)
	if left := e.account.simulator.Leftovers(); len(left) > 0 {
		t.Errorf("left in the account: %v", slices.Sorted(slices.Values(left)))
	}
}
