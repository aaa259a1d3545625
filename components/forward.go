package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RemoteWrite is a store outside of the cluster for all metrics. Each replica of Prometheus writes: the store
// distinguishes them by prometheus_replica, or keeps one.
type RemoteWrite struct {
	URL, Username, Password string
}

// EventsForward is where falcosidekick posts events in addition to its own outputs.
type EventsForward struct {
	URL, MinimumPriority string
}

// The Secrets that hold the keys.
const (
	remoteWriteSecret   = "remote-write"
	eventsForwardSecret = "falcosidekick-outputs"
)

// secret creates the login, if there is one, and returns what waits for it.
func (r *RemoteWrite) secret(ctx *pulumi.Context, namespaces *Namespaces,
	opts ...pulumi.ResourceOption) ([]pulumi.Resource, error) {
	if r == nil || r.Password == "" {
		return nil, nil
	}
	created, err := namespaces.newSecret(ctx, NamespaceMonitoring, remoteWriteSecret, pulumi.StringMap{
		"username": pulumi.String(r.Username), "password": pulumi.String(r.Password),
	}, opts...)
	return []pulumi.Resource{created}, err
}

// values are the part of kube-prometheus-stack's prometheusSpec.
func (r *RemoteWrite) values() map[string]any {
	if r == nil {
		return nil
	}
	target := map[string]any{"url": r.URL}
	if r.Password != "" {
		key := func(name string) map[string]any { return map[string]any{"name": remoteWriteSecret, "key": name} }
		target["basicAuth"] = map[string]any{"username": key("username"), "password": key("password")}
	}
	return map[string]any{"remoteWrite": []any{target}}
}

// secret creates the address, which falcosidekick reads from its environment. It returns what waits for it, and the
// part of falcosidekick's values.
func (e *EventsForward) secret(ctx *pulumi.Context, namespaces *Namespaces, version versions,
	opts ...pulumi.ResourceOption) ([]pulumi.Resource, map[string]any, error) {
	if e == nil {
		return nil, nil, nil
	}
	data := pulumi.StringMap{"WEBHOOK_ADDRESS": pulumi.String(e.URL)}
	created, err := namespaces.newSecret(ctx, NamespaceFalco, eventsForwardSecret, data, opts...)
	return []pulumi.Resource{created}, map[string]any{
		"podAnnotations": version.annotation(data),
		"config": map[string]any{"existingSecret": eventsForwardSecret,
			"webhook": map[string]any{"minimumpriority": e.MinimumPriority}},
	}, err
}
