package program

// Case is an environment, with settings laid over its stack file.
type Case struct {
	Name, Stack string
	Settings    map[string]any // by key without the project's name
}

// larger are nodes on which every option of dev has room.
var larger = map[string]any{"pools": []any{map[string]any{"name": "default", "size": "s-4vcpu-8gb", "count": 3}}}

// Gateway is an exposure by Gateway, with all that identity providers and issuers want to be told. Its secrets are
// encrypted, as in a stack file.
func Gateway() map[string]any {
	encrypted := func() any { return map[string]any{"secure": "v1:ciphertext"} }
	client := func(id string) map[string]any { return map[string]any{"clientId": id, "clientSecret": encrypted()} }
	return map[string]any{
		"mode": "gateway", "domain": "example.org", "allowedCIDRs": []any{"203.0.113.0/24", "198.51.100.7/32"},
		"certificates": map[string]any{"email": "operators@example.org", "dnsToken": encrypted()},
		"identity": map[string]any{
			"issuer": "https://id.example.org", "authorizationUrl": "https://id.example.org/authorize",
			"tokenUrl": "https://id.example.org/token", "userInfoUrl": "https://id.example.org/userinfo",
			"emailDomains": []any{"example.org"}, "groups": []any{"operators", "security"}, "adminGroups": []any{"operators"},
		},
		"clients": map[string]any{"grafana": client("grafana"), "falcosidekickUi": client("falcosidekick-ui")},
	}
}

// overHTTP is the same with certificates by HTTP challenges, which everyone must reach.
func overHTTP() map[string]any {
	exposure := Gateway()
	exposure["allowedCIDRs"] = []any{"0.0.0.0/0"}
	exposure["certificates"] = map[string]any{"email": "operators@example.org", "challenge": "http"}
	return exposure
}

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
		{Name: "dev on Spaces from a day", Stack: "dev", Settings: m{"logging": m{"storage": "spaces", "spaces": m{"from": "2099-01-01"}}, "cluster": larger}},
		{Name: "prod with falco-exporter", Stack: "prod", Settings: exporter},
		{Name: "dev by Gateway", Stack: "dev", Settings: m{"exposure": overHTTP()}},
		{Name: "prod by Gateway", Stack: "prod", Settings: m{"exposure": Gateway()}},
		{Name: "prod on volumes, with the demo", Stack: "prod", Settings: m{"logging": m{"storage": "volume"}, "virtualClusters": demo["virtualClusters"]}},
	}
}
