package changes

import "strings"

const anotherURL, anotherKey = secret("https://second.example.org"), secret("fedcba9876543210fedcba9876543210")

// inBase makes the path of a setting: a list as a whole, and the field of Alertmanager that base sets.
var inBase = strings.NewReplacer("[]", "", "alertmanager.*", "alertmanager.telegram_configs[0].chat_id")

func alertingChanges() []Change {
	receiver := func(index, setting string, to any) Change {
		return Change{Setting: "alerting.receivers[]." + setting,
			Path: "alerting.receivers[" + index + "]." + inBase.Replace(setting), To: to}
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
		receiver("5", "matchers[]", list{`team="second"`}),
		receiver("5", "groupBy[]", list{"namespace"}),
		receiver("5", "groupWait", "2m"),
		receiver("5", "groupInterval", "20m"),
		receiver("5", "repeatInterval", "1d"),
		receiver("5", "mute[]", list{"nights"}),
		receiver("5", "active[]", list{"days", "nights"}),
		receiver("5", "alertmanager.*", 2),
		{Setting: "alerting.timeIntervals[].name", Path: "alerting.timeIntervals[0].name", To: "second",
			Alongside: []Value{{"alerting.receivers[5].active", list{"second"}}}},
		{Setting: "alerting.timeIntervals[].intervals[].*", Path: "alerting.timeIntervals[0].intervals[0].weekdays",
			To: list{"saturday"}},
		{Setting: "alerting.extra.receivers[].*", Path: "alerting.extra.receivers[0].webhook_configs[0].max_alerts", To: 20},
		{Setting: "alerting.extra.routes[].*", Path: "alerting.extra.routes[0].matchers", To: list{`team="second"`}},
		{Setting: "alerting.extra.inhibit_rules[].*", Path: "alerting.extra.inhibit_rules[0].equal", To: list{"instance"}},
		{Setting: "alerting.extra.time_intervals[].*", Path: "alerting.extra.time_intervals[0].time_intervals[0].weekdays",
			To: list{"sunday"}},
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
		{Setting: "forward.metrics.bearerToken", To: anotherKey, Alongside: []Value{
			{"forward.metrics.username", nil}, {"forward.metrics.password", nil},
		}},
		{Setting: "forward.metrics.tenant", To: "second"},
		{Setting: "forward.metrics.headers.*", Path: "forward.metrics.headers.X-Source", To: "second"},
		{Setting: "forward.logs.url", To: "https://second.example.org/push"},
		{Setting: "forward.logs.username", To: "second"},
		{Setting: "forward.logs.password", To: anotherKey},
		{Setting: "forward.logs.bearerToken", To: anotherKey, Alongside: []Value{
			{"forward.logs.username", nil}, {"forward.logs.password", nil},
		}},
		{Setting: "forward.logs.tenant", To: "second"},
		{Setting: "forward.events.url", To: anotherURL},
		{Setting: "forward.events.minimumPriority", To: "warning"},
	}
}

func exposureChanges() []Change {
	dns := func(secret string) []Value {
		return []Value{{"exposure.certificates.dnsToken", nil}, {"exposure.certificates.dns.secrets." + secret, anotherKey}}
	}
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
		{Setting: "exposure.certificates.dns.provider", Path: "exposure.certificates.dns",
			To: object{"provider": "cloudflare"}, Alongside: dns("apiToken")},
		{Setting: "exposure.certificates.dns.options.*", Path: "exposure.certificates.dns",
			To: object{"provider": "route53", "options": object{"accessKeyID": "AKIA"}}, Alongside: dns("secretAccessKey")},
		{Setting: "exposure.certificates.dns.secrets.*", Path: "exposure.certificates.dns",
			To:        object{"provider": "acmeDNS", "options": object{"host": "https://dns.example.org"}},
			Alongside: dns("account")},
		{Setting: "exposure.certificates.eab.keyId", Path: "exposure.certificates.eab", To: object{"keyId": "first"},
			Alongside: []Value{{"exposure.certificates.eab.hmacKey", anotherKey}}},
		{Setting: "exposure.certificates.eab.hmacKey", Path: "exposure.certificates.eab", To: object{"keyId": "second"},
			Alongside: []Value{{"exposure.certificates.eab.hmacKey", anotherKey}}},
		{Setting: "exposure.certificates.secretName", To: "web-tls", Alongside: []Value{
			{"exposure.certificates.email", nil}, {"exposure.certificates.dnsToken", nil}}},
		{Setting: "exposure.sites[].hostname", Path: "exposure.sites", To: list{
			object{"hostname": "shop.example.org", "namespace": "shop"}}},
		{Setting: "exposure.sites[].namespace", Path: "exposure.sites", To: list{
			object{"hostname": "blog.example.org", "namespace": "blog"}}},
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
		{Setting: "exposure.identity.editorGroups[]", Path: "exposure.identity.editorGroups", To: list{"security"}},
	}
}
