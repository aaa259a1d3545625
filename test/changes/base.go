package changes

import "doks-security/test/program"

type (
	object = map[string]any
	list   = []any
)

// Directories that a rehearsal knows.
const (
	mirrorDirectory = "<directory>"
	copiedMirror    = "<another directory>" // with the same charts
	rulesDirectory  = "<directory of rules>"
)

// base is the stack that is changed: dev, exposed and with all receivers, on nodes on which every change has room.
func base() object {
	encrypted := func() any { return object{"secure": "v1:ciphertext"} } // the rehearsal has a value instead
	return object{
		"profile": "dev",
		"project": object{"description": "first", "environment": "Development"},
		"cluster": object{
			"region": "fra1", "version": "1.34", "ha": false, "autoUpgrade": true, "surgeUpgrade": true, "protect": false,
			"registryIntegration": false, "destroyAssociatedResources": true, "credentials": "token",
			"maintenance": object{"day": "sunday", "start": "04:00"}, "tags": list{"first"},
			"apiAllowedCIDRs": list{"203.0.113.0/24"},
			"pools": list{
				object{"name": "default", "size": "s-4vcpu-8gb", "count": 6},
				object{"name": "extra", "size": "s-2vcpu-4gb", "autoScale": object{"min": 1, "max": 2},
					"labels": object{"tier": "first"}, "tags": list{"first"},
					"taints": list{object{"key": "dedicated", "value": "first", "effect": "NoSchedule"}}},
			},
		},
		"observability": object{"prometheusRetention": "3d", "prometheusVolumeGiB": 10, "alertmanagerVolumeGiB": 1,
			"grafanaVolumeGiB": 5},
		"logging": object{"storage": "volume", "retention": "3d", "volumeGiB": 10},
		"runtimeSecurity": object{"falco": "0.44", "metrics": "native", "ruleset": "stable", "uiRetention": "3d",
			"redisVolumeGiB":   1,
			"alertmanagerFrom": "error",
			"capture":          object{"rules": list{"Terminal shell in container"}, "seconds": 10, "keepMiB": 500},
			"outputs":          object{"splunk": object{"host": "https://splunk.example.org", "token": encrypted()}}},
		"virtualClusters": object{"admission": "warn", "demo": false, "approved": list{
			object{"namespace": "team-a", "digests": list{digest("1")}},
		}},
		"response": object{"enabled": true, "dryRun": true, "never": list{"payments"}, "rules": list{object{
			"action": "label", "rules": list{"Terminal shell in container"}, "namespaces": list{"shop"},
			"minimumPriority": "warning"}}},
		"policies": object{"mode": "warn", "tags": true, "digests": false, "privileged": true, "requests": true,
			"registries": list{"docker.io"}, "exempt": list{object{"namespace": "team-a", "rules": list{"tags"}}}},
		"alerting": object{
			"runbooks": "https://example.org/runbooks/", "heartbeat": object{"url": encrypted(), "interval": "5m"},
			"receivers": list{
				object{"name": "team", "minimumSeverity": "warning", "slack": object{"url": encrypted(), "channel": "#alerts"}},
				object{"name": "oncall", "pagerduty": object{"routingKey": encrypted()}},
				object{"name": "backup", "opsgenie": object{"apiKey": encrypted(), "region": "us"}},
				object{"name": "siem", "webhook": object{"url": encrypted()}},
				object{"name": "archive", "email": object{"to": "a@example.org", "from": "alerts@example.org",
					"smarthost": "smtp.example.org:587", "username": "alerts", "password": encrypted()}},
				object{"name": "payments", "matchers": list{`team="payments"`}, "groupBy": list{"alertname"},
					"groupWait": "1m", "groupInterval": "10m", "repeatInterval": "12h", "active": list{"days"},
					"alertmanager": object{"telegram_configs": list{object{"chat_id": 1, "bot_token": encrypted()}}}},
			},
			"timeIntervals": list{object{"name": "days", "intervals": list{object{"weekdays": list{"monday:friday"}}}}},
			"extra": object{
				"receivers": list{object{"name": "audit", "webhook_configs": list{object{"url": encrypted(), "max_alerts": 10}}}},
				"routes":    list{object{"receiver": "audit", "matchers": list{`team="first"`}}},
				"inhibit_rules": list{object{"source_matchers": list{`alertname="NodeDown"`},
					"target_matchers": list{`alertname="PodDown"`, `rule=""`}, "equal": list{"node"}}},
				"time_intervals": list{object{"name": "nights", "time_intervals": list{object{"weekdays": list{"saturday"}}}}},
			},
		},
		"forward": object{
			"metrics": object{"url": "https://metrics.example.org/write", "username": "prometheus", "password": encrypted(),
				"tenant": "first", "headers": object{"X-Source": "first"}},
			"logs": object{"url": "https://logs.example.org/push", "username": "alloy", "password": encrypted(),
				"tenant": "first"},
			"events": object{"url": encrypted(), "minimumPriority": "notice"},
		},
		"exposure": program.Gateway(),
		"charts":   object{"mirror": mirrorDirectory, "unverified": true},
	}
}
