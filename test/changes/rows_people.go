package changes

const anotherURL, anotherKey = secret("https://second.example.org"), secret("fedcba9876543210fedcba9876543210")

func alertingChanges() []Change {
	receiver := func(index, setting string, to any) Change {
		return Change{Setting: "alerting.receivers[]." + setting, Path: "alerting.receivers[" + index + "]." +
			setting, To: to}
	}
	return []Change{
		receiver("0", "name", "renamed"),
		receiver("0", "minimumSeverity", "critical"),
		receiver("0", "slack.url", anotherURL),
		receiver("0", "slack.channel", "#second"),
		receiver("1", "pagerduty.routingKey", anotherKey),
		receiver("2", "opsgenie.apiKey", anotherKey),
		receiver("2", "opsgenie.region", "eu"),
		receiver("3", "webhook.url", anotherURL),
		receiver("4", "email.to", "b@example.org"),
		receiver("4", "email.from", "second@example.org"),
		receiver("4", "email.smarthost", "second.example.org:587"),
		receiver("4", "email.username", "second"),
		receiver("4", "email.password", anotherKey),
		{Setting: "alerting.heartbeat.url", To: anotherURL},
		{Setting: "alerting.heartbeat.interval", To: "10m"},
		{Setting: "alerting.runbooks", To: "https://example.org/second/"},
	}
}

func forwardChanges() []Change {
	return []Change{
		{Setting: "forward.metrics.url", To: "https://second.example.org/write"},
		{Setting: "forward.metrics.username", To: "second"},
		{Setting: "forward.metrics.password", To: anotherKey},
		{Setting: "forward.events.url", To: anotherURL},
		{Setting: "forward.events.minimumPriority", To: "warning"},
	}
}

func exposureChanges() []Change {
	return []Change{
		{Setting: "exposure.mode", To: "private", Alongside: []Value{{"exposure", nil}}},
		{Setting: "exposure.domain", To: "example.net"},
		{Setting: "exposure.hostnames.grafana", To: "g.example.org"},
		{Setting: "exposure.hostnames.falcosidekickUi", To: "f.example.org"},
		{Setting: "exposure.allowedCIDRs[]", To: "192.0.2.0/24"},
		{Setting: "exposure.certificates.challenge", To: "http", Alongside: []Value{
			{"exposure.allowedCIDRs", list{"0.0.0.0/0"}}, {"exposure.certificates.dnsToken", nil},
		}},
		{Setting: "exposure.certificates.dnsToken", To: anotherKey},
		{Setting: "exposure.certificates.email", To: "second@example.org"},
		{Setting: "exposure.certificates.issuer", To: "https://acme.example.org/directory"},
		{Setting: "exposure.clients.grafana.clientId", To: "second"},
		{Setting: "exposure.clients.grafana.clientSecret", To: anotherKey},
		{Setting: "exposure.clients.falcosidekickUi.clientId", To: "second"},
		{Setting: "exposure.clients.falcosidekickUi.clientSecret", To: anotherKey},
		{Setting: "exposure.identity.issuer", To: "https://second.example.org"},
		{Setting: "exposure.identity.authorizationUrl", To: "https://second.example.org/authorize"},
		{Setting: "exposure.identity.tokenUrl", To: "https://second.example.org/token"},
		{Setting: "exposure.identity.userInfoUrl", To: "https://second.example.org/userinfo"},
		{Setting: "exposure.identity.scopes[]", Path: "exposure.identity.scopes", To: list{"openid", "email", "groups"}},
		{Setting: "exposure.identity.groupsClaim", To: "roles"},
		{Setting: "exposure.identity.emailDomains[]", To: "example.net"},
		{Setting: "exposure.identity.groups[]", Path: "exposure.identity.groups[1]", To: "auditors"},
		{Setting: "exposure.identity.adminGroups[]", To: "security"},
	}
}
