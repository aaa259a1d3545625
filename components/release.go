package components

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/charts"
	"doks-security/values"
)

// Release is a Helm chart installed in a cluster. It binds kubernetes:helm.sh/v3:Release by its token: the SDK's
// package of that name imports 69 others and triples the program's build.
type Release struct {
	pulumi.CustomResourceState

	Status pulumi.MapOutput `pulumi:"status"`
}

// ReleaseArgs describe an installation. Fixed names are part of the wiring: other charts' values hold URLs made of
// them.
type ReleaseArgs struct {
	Name, Namespace string
	Chart           values.Chart
	Source          charts.Source
	Values          map[string]any
	Timeout         time.Duration // for the release to be ready; default 10 minutes
}

// newRelease installs a chart from its verified archive, under a fixed name, into a namespace that exists, rolled
// back when it fails.
func newRelease(ctx *pulumi.Context, args *ReleaseArgs, opts ...pulumi.ResourceOption) (*Release, error) {
	dir := filepath.Join(ctx.RootDirectory(), charts.Dir)
	if err := args.Source.Fetch(ctx.Context(), dir, []values.Chart{args.Chart}); err != nil {
		return nil, fmt.Errorf("release %s: %w", args.Name, err)
	}
	timeout := args.Timeout
	if timeout == 0 {
		timeout = 10 * time.Minute
	}
	props := pulumi.Map{
		"name":       pulumi.String(args.Name),
		"namespace":  pulumi.String(args.Namespace),
		"chart":      pulumi.String(charts.Path(args.Chart)),
		"version":    pulumi.String(args.Chart.Version),
		"values":     pulumi.ToMap(args.Values),
		"atomic":     pulumi.Bool(true), // a failed install neither stays half done nor blocks the name
		"timeout":    pulumi.Int(int(timeout.Seconds())),
		"maxHistory": pulumi.Int(5),
		"compat":     pulumi.String("true"), // as the typed SDK sends it
	}
	release := &Release{}
	return release, ctx.RegisterResource("kubernetes:helm.sh/v3:Release", args.Name, props, release, opts...)
}

// isKubernetes reports whether a resource lives in the cluster.
func isKubernetes(token string) bool { return strings.HasPrefix(token, "kubernetes:") }
