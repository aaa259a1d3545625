package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/test/controlplane"
)

// Rows of Terraform, after the name of its command.
const (
	planUnchanged   = " plan, nothing changed"
	planUnrefreshed = " plan -refresh=false, nothing changed"
	planChanged     = " plan, a value changed"
)

// terraform is a configuration of helm_releases, and the command that plans it: terraform, or tofu where there is none.
type terraform struct {
	*bench

	name, dir string
}

// plans installs releases with Terraform's Helm provider into a cluster of their own, from their archives, and measures
// plans without a change and with the values of after. The rows are skipped where there is no Terraform, or it cannot
// install the provider. Nothing is destroyed: the releases end with the cluster.
func (b *bench) plans(before, after []*release.Release, archives string) (err error) {
	t := &terraform{b, "terraform", filepath.Join(b.scratch, "terraform")}
	if err := t.prepare(); err != nil {
		for _, row := range []string{planUnchanged, planUnrefreshed, planChanged} {
			b.add(Measure{Name: t.name + row, Skipped: err.Error()})
		}
		return b.Err()
	}
	plane, err := controlplane.Start(b, controlplane.Options{Dir: filepath.Join(b.scratch, "c")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plane.Stop(context.WithoutCancel(b))) }()
	if err := furnish(b, plane, before); err != nil {
		return err
	}
	if err := t.configure(before, archives, plane.Kubeconfig()); err != nil {
		return err
	}
	if text, err := t.command("apply", "-auto-approve").CombinedOutput(); err != nil {
		return fmt.Errorf("%s apply: %w\n%s", t.name, err, text)
	}
	plan := func(args ...string) func() *exec.Cmd {
		return func() *exec.Cmd { return t.command("plan", args...) }
	}
	if err := b.warm(t.name+planUnchanged, "No changes.", plan("-detailed-exitcode")); err != nil {
		return err
	}
	err = b.warm(t.name+planUnrefreshed, "No changes.", plan("-detailed-exitcode", "-refresh=false"))
	if err != nil {
		return err
	}
	if err := t.configure(after, archives, plane.Kubeconfig()); err != nil {
		return err
	}
	return b.warm(t.name+planChanged, "0 to add, 1 to change, 0 to destroy", plan())
}

// prepare finds Terraform and has it install the provider. The error is why the plans cannot be measured.
func (t *terraform) prepare() error {
	if _, err := exec.LookPath(t.name); err != nil {
		if _, err := exec.LookPath("tofu"); err != nil {
			return errors.New("neither terraform nor tofu is on PATH")
		}
		t.name = "tofu"
	}
	if err := os.MkdirAll(filepath.Join(t.dir, "values"), 0o700); err != nil {
		return err
	}
	providers := map[string]any{"helm": map[string]any{"source": "hashicorp/helm", "version": "~> 3.0"}}
	err := t.write("versions.tf.json", map[string]any{"terraform": map[string]any{"required_providers": providers}})
	if err != nil {
		return err
	}
	if text, err := t.command("init").CombinedOutput(); err != nil {
		_, reason, _ := strings.Cut(string(text), "Error: ")
		return fmt.Errorf("%s init: %w: %s", t.name, err, strings.Join(strings.Fields(reason), " "))
	}
	return nil
}

// furnish makes a node, on which hooks of charts run, and the releases' namespaces.
func furnish(ctx context.Context, plane *controlplane.ControlPlane, releases []*release.Release) error {
	node := controlplane.Node{Name: "node", ID: "1", CPU: resource.MustParse("16"), Memory: resource.MustParse("64Gi")}
	if err := plane.SetNodes(ctx, []controlplane.Node{node}); err != nil {
		return err
	}
	for _, r := range releases {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: r.Namespace}}
		_, err := plane.Client().CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("making the namespace %s: %w", r.Namespace, err)
		}
	}
	return nil
}

// configure writes one helm_release each. Those with CustomResourceDefinitions come before the others, which have
// objects of these kinds.
func (t *terraform) configure(releases []*release.Release, archives, kubeconfig string) error {
	definitions := []string{}
	for _, r := range releases {
		if definesKinds(r) {
			definitions = append(definitions, "helm_release."+address(r))
		}
	}
	resources := map[string]any{}
	for _, r := range releases {
		values := "values/" + address(r) + ".json"
		if err := t.write(values, r.Config); err != nil {
			return err
		}
		resource := map[string]any{
			"name": r.Name, "namespace": r.Namespace, "wait": false, "values": []string{"${file(\"" + values + "\")}"},
			"chart": filepath.Join(archives, r.Chart.Metadata.Name+"-"+r.Chart.Metadata.Version+".tgz"),
		}
		if !definesKinds(r) {
			resource["depends_on"] = definitions
		}
		resources[address(r)] = resource
	}
	return t.write("main.tf.json", map[string]any{
		"provider": map[string]any{"helm": map[string]any{"kubernetes": map[string]any{"config_path": kubeconfig}}},
		"resource": map[string]any{"helm_release": resources},
	})
}

func definesKinds(r *release.Release) bool {
	return strings.Contains(r.Manifest, "\nkind: CustomResourceDefinition\n")
}

// address is the name of a release in the configuration.
func address(r *release.Release) string { return r.Namespace + "_" + r.Name }

func (t *terraform) write(file string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return os.WriteFile(filepath.Join(t.dir, file), text, 0o600)
}

// command ends with its providers, which are of its process group, when the context ends.
func (t *terraform) command(action string, args ...string) *exec.Cmd {
	command := exec.CommandContext(t, t.name, append([]string{action, "-input=false", "-no-color"}, args...)...)
	command.Dir = t.dir
	command.Env = append(environment(os.Environ()), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1",
		"TMPDIR="+t.scratch, // sockets of providers: a short path
		"HELM_CACHE_HOME="+t.dir, "HELM_CONFIG_HOME="+t.dir, "HELM_DATA_HOME="+t.dir)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	return command
}

// environment leaves out of the user's environment what has the provider use another cluster, and Terraform another
// state or other flags.
func environment(user []string) []string {
	return slices.DeleteFunc(slices.Clone(user), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		if name == "TF_CLI_CONFIG_FILE" || name == "TF_PLUGIN_CACHE_DIR" { // where it finds the provider
			return false
		}
		return strings.HasPrefix(name, "TF_") || strings.HasPrefix(name, "HELM_") || strings.HasPrefix(name, "KUBE")
	})
}
