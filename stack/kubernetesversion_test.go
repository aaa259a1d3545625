package stack

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doks-security/values"
)

// Charts are rendered for the version that the cluster of a kubeconfig has or, if it does not answer, the default.
func TestChartsAreRenderedForTheClustersVersion(t *testing.T) {
	answering := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"gitVersion":"v1.36.2+k3s1"}`)
	}))
	defer answering.Close()
	silent := httptest.NewServer(http.NotFoundHandler())
	silent.Close()
	pins, err := values.Charts()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, server, want string }{
		{"it answers", answering.URL, "rendered for v1.36.2"},
		{"it does not", silent.URL, "rendered for v1.34"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{prepare: func(root string) error {
				kubeconfig := "current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n" +
					"users: [{name: a, user: {token: b}}]\nclusters: [{name: a, cluster: {server: '" + c.server + "'}}]\n"
				return errors.Join(
					overriding("dev", map[string]string{"metrics-server.yaml": "replicas: 2\n"})(root),
					writeChart(root, pins["metrics-server"], testCharts["metrics-server"].defaults,
						"{{ fail (print \"rendered for \" .Capabilities.KubeVersion.Version) }}"),
					os.WriteFile(filepath.Join(root, "kind.yaml"), []byte(kubeconfig), 0o600))
			}}
			err := deploy(t, m, "dev", map[string]string{"cluster": `{"kubeconfig":"kind.yaml","storageClass":"standard"}`})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want it to contain %q", err, c.want)
			}
		})
	}
}
