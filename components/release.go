package components

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/values"
)

// Release is a Helm chart installed in a cluster. It binds kubernetes:helm.sh/v3:Release by its token: the SDK's
// package of that name imports 69 others and triples the program's build.
type Release struct {
	pulumi.CustomResourceState

	Status pulumi.MapOutput `pulumi:"status"`
}

// ReleaseArgs describe an installation. Fixed names are part of the wiring: other charts' values hold URLs made of them.
type ReleaseArgs struct {
	Name, Namespace string
	Chart           values.Chart
	Source          ChartSource
	Values          map[string]any
	Timeout         time.Duration // for the release to be ready; default 10 minutes
}

// ChartSource says where archives come from: the published repositories, or a mirror.
type ChartSource struct {
	// Mirror is a directory of <chart>-<version>.tgz, or an oci:// registry; empty: the published repositories.
	Mirror string
	// Unverified accepts archives of a directory whose digest is not the pinned one.
	Unverified bool
}

// newRelease installs a chart: pinned, under a fixed name, into a namespace that exists, rolled back when it fails.
func newRelease(ctx *pulumi.Context, args *ReleaseArgs, opts ...pulumi.ResourceOption) (*Release, error) {
	props, err := args.Source.locate(args.Chart)
	if err != nil {
		return nil, fmt.Errorf("release %s: %w", args.Name, err)
	}
	timeout := args.Timeout
	if timeout == 0 {
		timeout = 10 * time.Minute
	}
	props["name"] = pulumi.String(args.Name)
	props["namespace"] = pulumi.String(args.Namespace)
	props["values"] = pulumi.ToMap(args.Values)
	props["atomic"] = pulumi.Bool(true) // a failed install neither stays half done nor blocks the name
	props["timeout"] = pulumi.Int(int(timeout.Seconds()))
	props["maxHistory"] = pulumi.Int(5)
	props["compat"] = pulumi.String("true") // as the typed SDK sends it
	release := &Release{}
	return release, ctx.RegisterResource("kubernetes:helm.sh/v3:Release", args.Name, props, release, opts...)
}

// locate gives the inputs that name the chart.
func (s ChartSource) locate(chart values.Chart) (pulumi.Map, error) {
	switch {
	case s.Mirror == "":
		return pulumi.Map{
			"chart": pulumi.String(chart.Name), "version": pulumi.String(chart.Version),
			"repositoryOpts": pulumi.Map{"repo": pulumi.String(chart.Repository)},
		}, nil
	case strings.HasPrefix(s.Mirror, "oci://"):
		return pulumi.Map{
			"chart":   pulumi.String(strings.TrimSuffix(s.Mirror, "/") + "/" + chart.Name),
			"version": pulumi.String(chart.Version),
		}, nil
	}
	archive := filepath.Join(s.Mirror, chart.Name+"-"+chart.Version+".tgz")
	if err := s.verify(archive, chart); err != nil {
		return nil, err
	}
	return pulumi.Map{"chart": pulumi.String(archive), "version": pulumi.String(chart.Version)}, nil
}

// verify compares the archive's digest with the pin before anything is installed from it.
func (s ChartSource) verify(archive string, chart values.Chart) error {
	content, err := os.ReadFile(archive)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("charts.mirror: %q has no %s; `make charts` fills it with what values/charts.yaml pins", s.Mirror, filepath.Base(archive))
	}
	if err != nil {
		return fmt.Errorf("charts.mirror: %w", err)
	}
	if s.Unverified || chart.SHA256 == "" {
		return nil
	}
	sum := sha256.Sum256(content)
	if digest := hex.EncodeToString(sum[:]); digest != chart.SHA256 {
		return fmt.Errorf("charts.mirror: %s has the digest %s, values/charts.yaml pins %s; fetch it again with `make charts`, or set charts.unverified for archives packaged from source",
			archive, digest, chart.SHA256)
	}
	return nil
}

// isKubernetes tells the resources that live in the cluster from those beside it.
func isKubernetes(token string) bool { return strings.HasPrefix(token, "kubernetes:") }
