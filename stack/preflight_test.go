package stack

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/account"
	"doks-security/account/accounttest"
)

// serveCluster is an API server with these lists, by path; others are empty. It returns a kubeconfig for it.
func serveCluster(lists map[string]string) (server *httptest.Server, kubeconfig string) {
	server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		items := lists[r.URL.Path]
		fmt.Fprintf(w, `{"items":[%s]}`, items)
	}))
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return server, fmt.Sprintf("clusters: [{cluster: {server: %s, certificate-authority-data: %s}}]\nusers: [{user: "+
		"{token: short-lived}}]\n",
		server.URL, base64.StdEncoding.EncodeToString(ca))
}

// emptyCluster is the kubeconfig of a cluster with nothing in it. Its server runs until the tests end.
var emptyCluster = sync.OnceValue(func() string {
	_, kubeconfig := serveCluster(nil)
	return kubeconfig
})

// Whatever is wrong with the running cluster is refused before the first resource, all of it at once.
func TestDeployChecksTheRunningCluster(t *testing.T) {
	const claims, sets, namespaces, secrets = "/api/v1/persistentvolumeclaims", "/apis/apps/v1/statefulsets",
		"/api/v1/namespaces", "/api/v1/secrets"
	claim := func(namespace, name, size string) string {
		return fmt.Sprintf(`{"metadata":{"namespace":%q,"name":%q},"spec":{"resources":{"requests":{"storage":%q}}}}`,
			namespace, name, size)
	}
	volumes := map[string]string{claims: strings.Join([]string{
		claim("monitoring", "prometheus-kube-prometheus-stack-prometheus-db-prometheus-kube-prometheus-stack-prometheus-0",
			"11Gi"),
		claim("monitoring",
			"alertmanager-kube-prometheus-stack-alertmanager-db-alertmanager-kube-prometheus-stack-alertmanager-0", "2Gi"),
		claim("monitoring", "kube-prometheus-stack-grafana", "6Gi"), claim("loki", "storage-loki-0", "11Gi"),
		claim("falco", "falco-falcosidekick-ui-redis-data-falco-falcosidekick-ui-redis-0", "2Gi"),
	}, ",")}
	spaces := map[string]string{sets: `{"metadata":{"namespace":"loki","name":"loki",` +
		`"annotations":{"doks-security/logs":"spaces:fra1/logs"}}}`}
	for _, c := range []struct {
		name   string
		lists  map[string]string
		ha     bool
		config map[string]string
		want   []string
	}{
		{"volumes", volumes, false, nil, []string{
			"(5 errors)", "'observability.prometheusVolumeGiB' 11", "'observability.alertmanagerVolumeGiB' 2",
			"'observability.grafanaVolumeGiB' 6",
			"'logging.volumeGiB' 11", "'runtimeSecurity.redisVolumeGiB' 2"}},
		{"the other profile", map[string]string{claims: claim("loki", "storage-loki-0", "10Gi")}, false,
			map[string]string{"profile": "prod"}, []string{
				"(2 errors)", "cluster.ha: not set", "'logging.volumeGiB' 10",
				"kubectl --namespace loki patch pvc storage-loki-0"}},
		{"logs", spaces, false, nil, []string{"logging.storage"}},
		{"a release", map[string]string{secrets: `{"metadata":{"namespace":"falco","labels":{"name":"falco","version":"1",` +
			`"status":"pending-install"}}}`}, false, nil,
			[]string{"helm uninstall falco --namespace falco"}},
		{"a namespace", map[string]string{namespaces: `{"metadata":{"name":"monitoring"}}`}, false, nil,
			[]string{`namespaces: "monitoring"`}},
		{"high availability", nil, true, nil, []string{"cluster.ha: false"}},
		{"a cluster that provides less", nil, false,
			map[string]string{"cluster": strings.Replace(onePool, "{", `{"provides":["cert-manager"],`, 1)},
			[]string{`cluster.provides: "cert-manager"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, kubeconfig := serveCluster(c.lists)
			defer server.Close()
			own := running("doks-security-dev")
			own.HA = c.ha
			m := &mocks{account: accounttest.Account{Clusters: []*godo.KubernetesCluster{own}, Kubeconfig: kubeconfig}}
			raw := map[string]string{"cluster": onePool}
			for key, value := range c.config {
				raw[key] = value
			}
			if c.config["profile"] == "prod" {
				raw["cluster"] = strings.Replace(onePool, "s-4vcpu-8gb", "s-8vcpu-16gb", 1)
			}
			err := deploy(t, m, "dev", raw)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("err = %v, want it to contain %q", err, want)
				}
			}
			for key := range m.resources {
				if !strings.HasPrefix(key, "pulumi:pulumi:Stack") {
					t.Errorf("%s was registered", key)
				}
			}
		})
	}
}

// The errors of the account and of the cluster are reported together, and leave a kubeconfig for their commands.
func TestDeployReportsAllErrorsAtOnce(t *testing.T) {
	server, kubeconfig := serveCluster(map[string]string{"/api/v1/namespaces": `{"metadata":{"name":"monitoring"}}`})
	defer server.Close()
	own := running("doks-security-dev")
	own.RegionSlug = "ams3"
	m := &mocks{account: accounttest.Account{Clusters: []*godo.KubernetesCluster{own}, Kubeconfig: kubeconfig}}
	err := deploy(t, m, "dev", map[string]string{"cluster": onePool,
		"exposure": strings.Replace(byGateway(t), `"example.org"`, `"example.net"`, 1)})
	for _, want := range []string{"(3 errors)", "cluster.region", "exposure.domain", "namespaces"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want it to contain %q", err, want)
		}
	}
	written, err := os.ReadFile(filepath.Join(m.root, ".kubeconfig", own.ID+".yaml"))
	if err != nil || string(written) != kubeconfig {
		t.Errorf("the kubeconfig is %q, %v", written, err)
	}
}

// The namespaces of a stack that was renamed are its own, in the cluster where it was deployed under the former name.
func TestDeployAfterStackRename(t *testing.T) {
	server, kubeconfig := serveCluster(map[string]string{"/api/v1/namespaces": `{"metadata":{"name":"monitoring",
		"labels":{"app.kubernetes.io/part-of":"doks-security"},
		"annotations":{"doks-security/stack":"doks-security/former"}}}`})
	defer server.Close()
	const refusal = "this namespace belongs to the stack doks-security/former"
	for _, c := range []struct{ name, cluster, stack, want string }{
		{"deployed there under that name", "shared-id", "doks-security/former", ""},
		{"deployed there under another name", "shared-id", "doks-security/other", refusal},
		{"deployed in a cluster that is gone", "gone-id", "doks-security/former", refusal},
		{"never deployed", "", "", refusal},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{account: accounttest.Account{Clusters: []*godo.KubernetesCluster{running("shared")},
				Kubeconfig: kubeconfig},
				previous: c.cluster, previousStack: c.stack}
			err := deploy(t, m, "renamed", map[string]string{"cluster": `{"existing":"shared"}`})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want %q", err, c.want)
			}
			if got := m.exports["stackId"]; err == nil && got != pulumi.String("doks-security/renamed") {
				t.Errorf("export stackId = %v", got)
			}
		})
	}
}

// A preview of a stack that was never deployed says nothing of what is in a cluster with its tag: it may be another
// stack's of the same name, and the commands of the errors would act in it.
func TestPreviewLooksIntoNoClusterOfAnotherStack(t *testing.T) {
	server, kubeconfig := serveCluster(map[string]string{"/api/v1/namespaces": `{"metadata":{"name":"monitoring"}}`})
	defer server.Close()
	for _, c := range []struct{ name, previous, want, not string }{
		{"never deployed", "", "the account has another cluster", "namespace"},
		{"deployed in that cluster", "other-id", "kubectl delete namespace monitoring", "another cluster"},
	} {
		t.Run(c.name, func(t *testing.T) {
			other := running("other")
			other.RegionSlug, other.Tags = "fra1", []string{account.StackTag("dev")}
			m := &mocks{account: accounttest.Account{Clusters: []*godo.KubernetesCluster{other}, Kubeconfig: kubeconfig},
				preview: true, previous: c.previous}
			err := deploy(t, m, "dev", map[string]string{"cluster": onePool})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), c.not) {
				t.Errorf("err = %v, want %q and not %q", err, c.want, c.not)
			}
		})
	}
}

// The cluster that a stack created is not its cluster.existing, whatever the stack is called now: it would be deleted.
func TestDeployRefusesItsOwnClusterAsExisting(t *testing.T) {
	const refusal = "this stack, or another of its name, created the cluster shared"
	for _, c := range []struct {
		name  string
		tags  []string
		nodes float64
		want  string
	}{
		{"tagged with the former name of the stack", []string{account.StackTag("former")}, 0, refusal},
		{"without a tag, but with a cost of nodes", nil, 48, refusal},
		{"created by another stack", []string{account.StackTag("other")}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			shared := running("shared")
			shared.Tags = c.tags
			m := &mocks{account: accounttest.Account{Clusters: []*godo.KubernetesCluster{shared}},
				previous: shared.ID, previousStack: Project + "/former", previousNodes: c.nodes}
			err := deploy(t, m, "renamed", map[string]string{"cluster": `{"existing":"shared"}`})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want %q", err, c.want)
			}
		})
	}
}

// A cluster that is not complete has no API server to ask.
func TestDeployAsksNoIncompleteCluster(t *testing.T) {
	for _, state := range []godo.KubernetesClusterStatusState{godo.KubernetesClusterStatusProvisioning,
		godo.KubernetesClusterStatusError} {
		t.Run(string(state), func(t *testing.T) {
			shared := running("shared")
			shared.Status.State = state
			server, kubeconfig := serveCluster(nil)
			server.Close()
			m := &mocks{account: accounttest.Account{Clusters: []*godo.KubernetesCluster{shared}, Kubeconfig: kubeconfig}}
			if err := deploy(t, m, "dev", map[string]string{"cluster": `{"existing":"shared"}`}); err != nil {
				t.Error(err)
			}
		})
	}
}

// An API server that its firewall keeps this machine from is an error with the command that admits it.
func TestDeployBehindTheFirewall(t *testing.T) {
	for _, c := range []struct {
		name     string
		enabled  bool
		firewall string // empty: not part of the error
	}{
		{"enabled", true, "cluster update shared-id --enable-control-plane-firewall=true " +
			"--control-plane-firewall-allowed-addresses 203.0.113.0/24,<address>/32"},
		{"disabled", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, kubeconfig := serveCluster(nil)
			server.Close()
			shared := running("shared")
			shared.ControlPlaneFirewall = &godo.KubernetesControlPlaneFirewall{
				Enabled: &c.enabled, AllowedAddresses: []string{"203.0.113.0/24"},
			}
			m := &mocks{account: accounttest.Account{Clusters: []*godo.KubernetesCluster{shared}, Kubeconfig: kubeconfig}}
			err := deploy(t, m, "dev", map[string]string{"cluster": `{"existing":"shared"}`})
			if err == nil || !strings.Contains(err.Error(), "is unreachable") || !strings.Contains(err.Error(), c.firewall) ||
				strings.Contains(err.Error(), "doctl") != (c.firewall != "") {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// What the cluster provides is not installed, and nothing is made for it.
func TestDeployUsesWhatTheClusterProvides(t *testing.T) {
	server, kubeconfig := serveCluster(map[string]string{
		"/apis/apiregistration.k8s.io/v1/apiservices": `{"metadata":{"name":"v1beta1.metrics.k8s.io"}}`,
		"/apis/apiextensions.k8s.io/v1/customresourcedefinitions": `
			{"metadata":{"name":"prometheuses.monitoring.coreos.com"}},
			{"metadata":{"name":"certificates.cert-manager.io"}}`,
	})
	defer server.Close()
	m := &mocks{account: accounttest.Account{Clusters: []*godo.KubernetesCluster{running("shared")},
		Kubeconfig: kubeconfig}}
	err := deploy(t, m, "dev", map[string]string{
		"cluster":  `{"existing":"shared","provides":["metrics-server","prometheus-operator-crds","cert-manager"]}`,
		"exposure": byGateway(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range m.resources {
		for _, provided := range []string{"metrics-server", "prometheus-operator-crds", "-cert-manager", "::cert-manager"} {
			if strings.Contains(key, provided) {
				t.Errorf("%s was registered", key)
			}
		}
	}
	operator := m.values("kube-prometheus-stack")["prometheusOperator"].ObjectValue()
	if !operator.HasValue("namespaces") {
		t.Error("the operator acts on the namespaces of others")
	}
}

// A backend may answer with half a file: what failed and what to do is in the error.
func TestDeployWithoutTheLastOutputs(t *testing.T) {
	err := deploy(t, &mocks{previousErr: errors.New("failed to load checkpoint: EOF")}, "dev",
		map[string]string{"cluster": onePool})
	if err == nil || !strings.Contains(err.Error(), "checkpoint: EOF; nothing was deployed: run the command again") {
		t.Errorf("err = %v", err)
	}
}
