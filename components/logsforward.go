package components

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// LogsForward is a store outside of the cluster that takes the logs of all pods, in addition to this cluster's Loki.
type LogsForward struct {
	URL    string
	Login  StoreLogin
	Tenant string // empty: none
}

// logsPipeline is the part of Alloy's configuration that pushes to the store. It reads the files by itself: a store
// that does not answer holds up nothing else.
//
//go:embed logsforward.alloy
var logsPipeline string

// Pipeline is the part of Alloy's configuration; keys are read from the environment.
func (l *LogsForward) Pipeline() string {
	endpoint := "url = " + strconv.Quote(l.URL)
	if l.Tenant != "" {
		endpoint += "\n    tenant_id = " + strconv.Quote(l.Tenant)
	}
	switch {
	case l.Login.BearerToken != "":
		endpoint += "\n    bearer_token = sys.env(\"FORWARD_TOKEN\")"
	case l.Login.Password != "":
		endpoint += "\n    basic_auth {\n      username = sys.env(\"FORWARD_USERNAME\")\n" +
			"      password = sys.env(\"FORWARD_PASSWORD\")\n    }"
	}
	return strings.Replace(logsPipeline, "<endpoint>", endpoint, 1)
}

// environment are the variables that the pipeline reads.
func (l *LogsForward) environment() []any {
	var all []any
	for _, key := range []string{"username", "password", "token"} {
		if _, set := l.Login.data()[key]; set {
			all = append(all, map[string]any{"name": "FORWARD_" + strings.ToUpper(key), "valueFrom": map[string]any{
				"secretKeyRef": map[string]any{"name": logsSecret, "key": key},
			}})
		}
	}
	return all
}

// secret creates the login, if there is one, and returns what waits for it and the values that restart Alloy for
// another.
func (l *LogsForward) secret(ctx *pulumi.Context, name string, namespaces *Namespaces, parent pulumi.ResourceOption) (
	[]pulumi.Resource, map[string]any, error,
) {
	data := l.Login.data()
	if data == nil {
		return nil, nil, nil
	}
	version, err := newVersions(ctx, name+"-logs-forward", parent)
	if err != nil {
		return nil, nil, err
	}
	created, err := namespaces.newSecret(ctx, NamespaceNodeAgents, logsSecret, data, parent,
		namespaces.dependency(NamespaceNodeAgents))
	return []pulumi.Resource{created}, map[string]any{
		"controller": map[string]any{"podAnnotations": version.annotation(data)},
	}, err
}
