package program

// Case is an environment, with settings laid over its stack file.
type Case struct {
	Name, Stack string
	Settings    map[string]any // by key without the project's name
}

// larger are nodes on which every option of dev has room.
var larger = map[string]any{"pools": []any{map[string]any{"name": "default", "size": "s-4vcpu-8gb", "count": 3}}}

// Cases are the three environments as they are, and each option where it is not the default.
func Cases() []Case {
	type m = map[string]any
	exporter := m{"runtimeSecurity": m{"metrics": "falco-exporter"}}
	demo := m{"virtualClusters": m{"demo": true, "approved": []any{m{"namespace": "team-a"}, m{"namespace": "team-b"}}}}
	return []Case{
		{Name: "dev", Stack: "dev"},
		{Name: "staging", Stack: "staging"},
		{Name: "prod", Stack: "prod"},
		{Name: "dev with falco-exporter", Stack: "dev", Settings: exporter},
		{Name: "dev with the demo and approved namespaces", Stack: "dev", Settings: m{"virtualClusters": demo["virtualClusters"], "cluster": larger}},
		{Name: "dev on Spaces", Stack: "dev", Settings: m{"logging": m{"storage": "spaces"}, "cluster": larger}},
		{Name: "prod with falco-exporter", Stack: "prod", Settings: exporter},
		{Name: "prod on volumes, with the demo", Stack: "prod", Settings: m{"logging": m{"storage": "volume"}, "virtualClusters": demo["virtualClusters"]}},
	}
}
