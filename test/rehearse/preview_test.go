package rehearse

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/stack"
)

// A change is previewed against a rehearsal that another version of the program keeps; a secret that changes is not
// shown.
func TestPreviewAgainstAKeptRehearsal(t *testing.T) {
	const was, is = "https://old-0123456789abcdef.example.org", "https://new-0123456789abcdef.example.org"
	out := &output{}
	seeded := func(url string) func(*pulumi.Context) error {
		return func(ctx *pulumi.Context) error {
			_, err := random.NewRandomPassword(ctx, "seeded", &random.RandomPasswordArgs{
				Length:  pulumi.Int(8),
				Keepers: pulumi.ToSecret(pulumi.StringMap{"url": pulumi.String(url)}).(pulumi.StringMapOutput),
			})
			return errors.Join(err, stack.Deploy(ctx))
		}
	}
	ctx := within(t)
	o := options(t, "dev", out)
	o.Program = seeded(was)
	e, err := open(ctx, o, &report{out: out})
	must(t, out, err)
	t.Cleanup(func() { must(t, out, e.close()) })
	_, err = e.up(ctx)
	must(t, out, err)
	file, err := e.writeAttachment()
	must(t, out, err)

	change := &output{}
	must(t, change, Preview(ctx, Options{
		Root: o.Root, Dir: o.Dir, Program: seeded(is), CLI: o.CLI, Out: change,
		Config: map[string]any{"doks-security:logging": map[string]any{"retention": "2d"}},
	}, file))
	for _, want := range []string{"seeded", "[secret]", `retention_period`, `"3d" => "2d"`, "1 to update", "unchanged"} {
		if !strings.Contains(change.String(), want) {
			t.Errorf("output does not contain %q:\n%s", want, change)
		}
	}
	for _, secret := range []string{was, is} {
		if strings.Contains(change.String(), secret) {
			t.Errorf("a secret is shown:\n%s", change)
		}
	}
	runDrift(ctx, t, e, out)
	must(t, out, e.destroy(ctx, &report{out: out}))
}

// drift proves what ci/drift relies on: a refresh that runs the program finds nothing, and then a change by hand.
func runDrift(ctx context.Context, t *testing.T, e *engine, out *output) {
	t.Helper()
	expect := func() error {
		_, err := e.stack.PreviewRefresh(ctx, optrefresh.RunProgram(true), optrefresh.ExpectNoChanges(),
			optrefresh.SuppressOutputs())
		return err
	}
	must(t, out, expect())
	must(t, out, e.preview(ctx, true))
	plane, err := e.account.clusters.only()
	must(t, out, err)
	must(t, out, plane.Client().NetworkingV1().NetworkPolicies("loki").Delete(ctx, "loki", metav1.DeleteOptions{}))
	if err := expect(); err == nil || !strings.Contains(err.Error(), "but changes were proposed") {
		t.Errorf("a policy that is gone: %v", err)
	}
	must(t, out, e.command(ctx, "config", "set", "--path", "doks-security:logging.retention", "2d"))
	if _, err := e.stack.Preview(ctx, optpreview.ExpectNoChanges()); err == nil ||
		!strings.Contains(err.Error(), "but changes were proposed") {
		t.Errorf("a setting that was not deployed: %v", err)
	}
}

func TestPreviewAgainstNothing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "attachment.json")
	if err := Preview(t.Context(), Options{Root: "../.."}, missing); err == nil ||
		!strings.Contains(err.Error(), "KEEP=1") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(missing, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Preview(t.Context(), Options{Root: "../.."}, missing); err == nil {
		t.Error("a file that describes nothing was taken")
	}
}
