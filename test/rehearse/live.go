package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	chartfiles "doks-security/charts"
	"doks-security/stack"
	"doks-security/test/chartlint"
	"doks-security/test/controlplane"
	"doks-security/test/live"
	"doks-security/test/program"
	"doks-security/values"
)

// Images of programs that act themselves where they run; otherwise the control plane does in their place.
const (
	operatorImage = "quay.io/prometheus-operator/prometheus-operator"
	metricsImage  = "registry.k8s.io/metrics-server/metrics-server"
)

// pods are what runs the pods of a rehearsal's only cluster: one node. Without it they are simulated.
type pods struct {
	dir      string // short: it holds sockets
	binaries live.Binaries
	programs map[string]live.Program
	node     *live.Node
}

// preparePods finds the programs that the stack's images run, and builds those that are not on this machine yet.
func preparePods(ctx context.Context, o Options, charts *charts, w *workspace, r *report) (*pods, error) {
	r.step("programs of the pods of %s", o.Stack)
	text, err := rendered(o, charts.dir)
	if err != nil {
		return nil, err
	}
	binaries, err := filepath.Abs(filepath.Join(o.Root, "bin", "live"))
	if err != nil {
		return nil, err
	}
	found, missing := live.Programs(ctx, text, live.BinariesIn(binaries), true)
	p := &pods{dir: filepath.Join(w.dir, "n"), binaries: live.BinariesIn(binaries), programs: found}
	if !p.run(operatorImage) { // what acts in its place makes their pods without arguments
		maps.DeleteFunc(found, func(image string, _ live.Program) bool {
			return strings.HasPrefix(image, "quay.io/prometheus/prometheus:") ||
				strings.HasPrefix(image, "quay.io/prometheus/alertmanager:")
		})
	}
	for _, image := range slices.Sorted(maps.Keys(found)) {
		r.note("%s runs %s", image, found[image].File)
	}
	for _, image := range slices.Sorted(maps.Keys(missing)) {
		r.note("%s runs a stand-in: %s", image, firstLine(missing[image]))
	}
	r.note("every other image runs a stand-in, which answers on its ports and does nothing else")
	return p, nil
}

// rendered is all that the stack puts into its cluster, as text.
func rendered(o Options, dir string) (string, error) {
	installation, err := program.Run(o.Root, program.Case{Name: o.Stack, Stack: o.Stack, Dir: o.Dir, Charts: dir})
	if err != nil {
		return "", err
	}
	if profile := installation.Settings.Profile; profile != stack.Dev {
		return "", fmt.Errorf("LIVE=1 with profile: %s, whose replicas are on different nodes; allowed: %s, whose pods fit "+
			"on the one node that runs them; fix: STACK=<stack> with that profile", profile, stack.Dev)
	}
	renderer := chartlint.NewRenderer(func(pin values.Chart) (*chart.Chart, error) {
		return loader.Load(chartfiles.Archive(dir, pin))
	})
	set, err := renderer.Render(installation, installation.Settings.Cluster.Version)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = json.NewEncoder(&text).Encode(set.Objects)
	return text.String(), err
}

// options are those of the control plane.
func (p *pods) options() *controlplane.Live {
	return &controlplane.Live{
		Dial: filepath.Join(p.dir, live.DialSocket), Volumes: p.dir + "-volumes",
		Operator: p.run(operatorImage), Metrics: p.run(metricsImage),
	}
}

// run reports whether the pods run the program of an image.
func (p *pods) run(repository string) bool {
	for image := range p.programs {
		if strings.HasPrefix(image, repository+":") {
			return true
		}
	}
	return false
}

// start runs the node of a name.
func (p *pods) start(ctx context.Context, plane *controlplane.ControlPlane, name string) error {
	api, err := url.Parse(plane.Endpoint())
	if err != nil {
		return err
	}
	files, err := plane.Kubelet(name)
	if err != nil {
		return err
	}
	p.node, err = live.Start(ctx, live.Options{
		Dir: p.dir, Name: name, APIServer: api.Host, Kubeconfig: plane.Kubeconfig(),
		Kubelet: live.Kubelet(files), Binaries: p.binaries, Programs: p.programs,
	})
	return err
}

// stop ends the node, if one runs, and removes its volumes.
func (p *pods) stop() error {
	if p == nil || p.node == nil {
		return nil
	}
	err := errors.Join(p.node.Stop(), os.RemoveAll(p.dir+"-volumes"))
	p.node = nil
	if err != nil {
		return fmt.Errorf("stopping the node: %w", err)
	}
	return nil
}

// check prints each container as it runs, and checks that none restarts.
func (p *pods) check(all []corev1.Pod, r *report) {
	var errs []string
	programs, standIns := 0, 0
	for _, c := range live.Containers(all, p.programs) {
		r.note("%s", c)
		if c.Real {
			programs++
		} else {
			standIns++
		}
		if c.State == "Running" && (!c.Ready || c.Restarts > 0) {
			errs = append(errs, c.String())
		}
	}
	r.check(fmt.Sprintf("%d containers run their program and %d a stand-in; none restarts", programs, standIns),
		len(errs) == 0, "%q", errs)
}

// explain prints each container as it is, after a failure.
func (p *pods) explain(ctx context.Context, client kubernetes.Interface, r *report) {
	all, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		r.note("the containers cannot be listed: %v", err)
		return
	}
	r.step("containers")
	for _, c := range live.Containers(all.Items, p.programs) {
		r.note("%s", c)
	}
}
