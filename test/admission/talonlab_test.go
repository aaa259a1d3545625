package admission

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"doks-security/test/monitoring/pipeline"
	"doks-security/values"
)

// talonLab is a cluster with the policies of a stack, and its ServiceAccount falco-talon.
type talonLab struct {
	*api
	*pipeline.Lab
	stack         *pipeline.Stack
	kubeconfig    string // of the ServiceAccount
	falcosidekick *pipeline.Falcosidekick
	talon         *pipeline.Process
	namespaces    []string // that have a pod suspect, of which events are sent
	isolation     *unstructured.Unstructured
}

// startTalonLab skips the test where Falco Talon or falcosidekick cannot be had.
func startTalonLab(t *testing.T, settings string) *talonLab {
	t.Helper()
	l := &talonLab{Lab: pipeline.New(t.TempDir(), false), namespaces: []string{
		"shop", "kube-system", "monitoring", "falco", "team-a"}}
	for _, program := range []string{"falco-talon", "falcosidekick"} {
		_, err := l.File(t.Context(), program)
		if missing := (*pipeline.Unavailable)(nil); errors.As(err, &missing) {
			t.Skip(missing)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	l.stack, err = pipeline.Render("dev", "virtualClusters: {approved: [{namespace: team-a}]}\n"+settings)
	if err != nil {
		t.Fatal(err)
	}
	l.api = start(t)
	t.Cleanup(func() {
		if err := l.StopAll(); err != nil {
			t.Error(err)
		}
	})
	var policies []map[string]any
	for _, o := range l.stack.Objects {
		switch {
		case strings.HasPrefix(o.GetKind(), "ValidatingAdmissionPolicy") && o.GetName() == "response.doks-security":
			policies = append(policies, o.Object)
		case o.GetKind() == "CiliumClusterwideNetworkPolicy":
			l.isolation = o
		}
	}
	l.apply(t, policies)
	l.createPods(t, l.namespaces...)
	isolations := l.dynamic.Resource(schema.GroupVersionResource{Group: "cilium.io", Version: "v2",
		Resource: "ciliumclusterwidenetworkpolicies"})
	if _, err := isolations.Create(t.Context(), l.isolation, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return l
}

// account creates the ServiceAccount with a ClusterRole, and writes its kubeconfig.
func (l *talonLab) account(t *testing.T, role []rbacv1.PolicyRule) {
	t.Helper()
	const name = "falco-talon"
	ctx, options, named := t.Context(), metav1.CreateOptions{}, metav1.ObjectMeta{Name: name}
	_, namespace := l.client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: named}, options)
	_, account := l.client.CoreV1().ServiceAccounts(name).Create(ctx, &corev1.ServiceAccount{ObjectMeta: named}, options)
	_, clusterRole := l.client.RbacV1().ClusterRoles().Create(ctx,
		&rbacv1.ClusterRole{ObjectMeta: named, Rules: role}, options)
	_, binding := l.client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: named, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: name},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: name, Namespace: name}},
	}, options)
	if err := errors.Join(namespace, account, clusterRole, binding); err != nil {
		t.Fatal(err)
	}
	l.kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := l.plane.WriteKubeconfig(ctx, l.kubeconfig, name, name); err != nil {
		t.Fatal(err)
	}
}

// role is that of the stack's values, as the chart writes it.
func (l *talonLab) role(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()
	all, err := l.stack.Values("falco-talon")
	if err != nil {
		t.Fatal(err)
	}
	var rules []rbacv1.PolicyRule
	for resource, verbs := range values.At(all, "rbac").(map[string]any) {
		rule := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{resource}}
		for _, verb := range verbs.([]any) {
			rule.Verbs = append(rule.Verbs, verb.(string))
		}
		if rule.Verbs != nil {
			rules = append(rules, rule)
		}
	}
	return rules
}

// run starts Talon with rules, or those of the stack, and a falcosidekick that sends it events.
func (l *talonLab) run(t *testing.T, rules string) {
	t.Helper()
	var err error
	l.talon, err = l.StartTalon(t.Context(), pipeline.TalonArgs{Stack: l.stack, Kubeconfig: l.kubeconfig, Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	l.falcosidekick, err = l.StartFalcosidekick(t.Context(), pipeline.FalcosidekickArgs{
		Stack: l.stack, Talon: l.talon.URL})
	if err != nil {
		t.Fatal(err)
	}
}

// send sends an event of the rule about the pod suspect of each namespace and one about a process of a node, and waits
// until Talon has them all.
func (l *talonLab) send(t *testing.T, rule string) {
	t.Helper()
	for _, namespace := range l.namespaces {
		event := pipeline.Event{Rule: rule, Priority: "Warning", Namespace: namespace, Pod: "suspect",
			Output: rule + " in " + namespace}
		if err := l.falcosidekick.Send(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	node := pipeline.Event{Rule: rule, Priority: "Warning", Output: rule + " on a node",
		Fields: map[string]any{"k8s.ns.name": nil, "k8s.pod.name": nil}}
	if err := l.falcosidekick.Send(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Talon has all events", func() bool {
		return l.count(t, "falcosecurity_falco_talon_events_total") == len(l.namespaces)+1
	})
}

// count adds up the samples of a metric that have all of the labels, as text.
func (l *talonLab) count(t *testing.T, metric string, having ...string) int {
	t.Helper()
	text, err := l.talon.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for line := range strings.Lines(string(text)) {
		matches := strings.HasPrefix(line, metric+"{")
		for _, label := range having {
			matches = matches && strings.Contains(line, label)
		}
		if matches {
			fields := strings.Fields(line)
			n, err := strconv.Atoi(fields[len(fields)-1])
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
	}
	return sum
}

// untouched fails for pods with the label, and for pods that are gone.
func (l *talonLab) untouched(t *testing.T, namespaces ...string) {
	t.Helper()
	for _, namespace := range namespaces {
		pod, err := l.client.CoreV1().Pods(namespace).Get(t.Context(), "suspect", metav1.GetOptions{})
		if err != nil || pod.DeletionTimestamp != nil || len(pod.Labels) != 1 {
			t.Errorf("the pod in %s has the labels %v, and ends at %v: %v", namespace, pod.Labels, pod.DeletionTimestamp, err)
		}
	}
}
