package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// StoreLogin is how a store knows who writes: a user name and a password, a token, or nothing.
type StoreLogin struct {
	Username, Password, BearerToken string
}

// data are the entries of a Secret.
func (l StoreLogin) data() pulumi.StringMap {
	switch {
	case l.BearerToken != "":
		return pulumi.StringMap{"token": pulumi.String(l.BearerToken)}
	case l.Password != "":
		return pulumi.StringMap{"username": pulumi.String(l.Username), "password": pulumi.String(l.Password)}
	}
	return nil
}

// RemoteWrite is a store outside of the cluster for all metrics. Each replica of Prometheus writes: the store
// distinguishes them by prometheus_replica, or keeps one.
type RemoteWrite struct {
	URL     string
	Login   StoreLogin
	Tenant  string            // empty: none
	Headers map[string]string // none is secret
}

// EventsForward is where falcosidekick posts events in addition to its own outputs.
type EventsForward struct {
	URL, MinimumPriority string
}

// The Secrets that hold the keys.
const (
	remoteWriteSecret = "remote-write"
	logsSecret        = "alloy-forward"
	outputsSecret     = "falcosidekick-outputs"
)

// secret creates the login, if there is one, and returns what waits for it.
func (r *RemoteWrite) secret(ctx *pulumi.Context, namespaces *Namespaces,
	opts ...pulumi.ResourceOption) ([]pulumi.Resource, error) {
	if r == nil || r.Login.data() == nil {
		return nil, nil
	}
	created, err := namespaces.newSecret(ctx, NamespaceMonitoring, remoteWriteSecret, r.Login.data(), opts...)
	return []pulumi.Resource{created}, err
}

// values are the part of kube-prometheus-stack's prometheusSpec.
func (r *RemoteWrite) values() map[string]any {
	if r == nil {
		return nil
	}
	target := map[string]any{"url": r.URL}
	key := func(name string) map[string]any { return map[string]any{"name": remoteWriteSecret, "key": name} }
	switch {
	case r.Login.BearerToken != "":
		target["authorization"] = map[string]any{"type": "Bearer", "credentials": key("token")}
	case r.Login.Password != "":
		target["basicAuth"] = map[string]any{"username": key("username"), "password": key("password")}
	}
	headers := map[string]any{}
	for name, value := range r.Headers {
		headers[name] = value
	}
	if r.Tenant != "" {
		headers["X-Scope-OrgID"] = r.Tenant
	}
	if len(headers) > 0 {
		target["headers"] = headers
	}
	return map[string]any{"remoteWrite": []any{target}}
}

// outputs creates the Secret with the addresses and keys of outputs, which falcosidekick reads from its environment. It
// returns what waits for it, and the part of falcosidekick's values.
func (a *RuntimeSecurityArgs) outputs(ctx *pulumi.Context, version versions, opts ...pulumi.ResourceOption) (
	[]pulumi.Resource, map[string]any, error,
) {
	data, config := pulumi.ToStringMap(a.Outputs), map[string]any{"existingSecret": outputsSecret}
	if a.Forward != nil {
		data["WEBHOOK_ADDRESS"] = pulumi.String(a.Forward.URL)
		config["webhook"] = map[string]any{"minimumpriority": a.Forward.MinimumPriority}
	}
	if len(data) == 0 {
		return nil, nil, nil
	}
	created, err := a.Namespaces.newSecret(ctx, NamespaceFalco, outputsSecret, data, opts...)
	return []pulumi.Resource{created}, map[string]any{"podAnnotations": version.annotation(data), "config": config}, err
}
