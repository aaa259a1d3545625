package alerting

import (
	"encoding/json"
	"net/textproto"
	"slices"
	"strings"
)

// constraint is what Alertmanager wants of several fields of a type, and of the values of strings. Where a receiver may
// fall back on a global setting, it is required: there are none.
type constraint struct {
	required []string
	oneOf    []string            // exactly one of these
	atMost   []string            // at most one of these
	together []string            // all of these, or none
	needs    map[string]string   // a field, and another that it needs
	values   map[string][]string // values of strings
}

var constraints = map[string]constraint{
	"Authorization": {required: []string{"credentials"}},
	"DiscordConfig": {required: []string{"webhook_url"}},
	"EmailConfig":   {required: []string{"to", "from", "smarthost"}},
	"HTTPClientConfig": {atMost: []string{"basic_auth", "authorization", "oauth2", "bearer_token"},
		needs: map[string]string{"no_proxy": "proxy_url", "proxy_connect_header": "proxy_url"}},
	"IncidentioConfig": {required: []string{"url"}},
	"JiraConfig": {required: []string{"api_url", "project", "issue_type"},
		values: map[string][]string{"api_type": {"auto", "cloud", "datacenter"}}},
	"MSTeamsConfig":    {required: []string{"webhook_url"}},
	"MSTeamsV2Config":  {required: []string{"webhook_url"}},
	"MattermostConfig": {required: []string{"webhook_url"}},
	"MattermostField":  {required: []string{"title", "value"}},
	"OAuth2": {required: []string{"client_id", "client_secret", "token_url"},
		needs: map[string]string{"no_proxy": "proxy_url", "proxy_connect_header": "proxy_url"}},
	"OpsGenieConfig": {required: []string{"api_key"}},
	"OpsGenieConfigResponder": {required: []string{"type"}, oneOf: []string{"id", "name", "username"},
		values: map[string][]string{"type": {"team", "teams", "user", "escalation", "schedule"}}},
	"PagerdutyConfig":  {oneOf: []string{"routing_key", "service_key"}},
	"PushoverConfig":   {required: []string{"user_key", "token"}, atMost: []string{"html", "monospace"}},
	"Receiver":         {required: []string{"name"}},
	"RocketchatConfig": {required: []string{"token", "token_id"}},
	"SNSConfig":        {oneOf: []string{"topic_arn", "target_arn", "phone_number"}},
	"SigV4Config": {together: []string{"access_key", "secret_key"},
		needs: map[string]string{"external_id": "role_arn"}},
	"SlackAction":            {required: []string{"type", "text"}, oneOf: []string{"name", "url"}},
	"SlackConfig":            {oneOf: []string{"api_url", "app_token"}},
	"SlackConfirmationField": {required: []string{"text"}},
	"SlackField":             {required: []string{"title", "value"}},
	"TelegramConfig": {required: []string{"bot_token", "chat_id"},
		values: map[string][]string{"parse_mode": {"HTML", "Markdown", "MarkdownV2"}}},
	"ThreadingConfig": {values: map[string][]string{"thread_by_date": {"none", "daily"}},
		needs: map[string]string{"enabled": "thread_by_date"}},
	"TimeInterval":    {required: []string{"name"}},
	"VictorOpsConfig": {required: []string{"api_key", "routing_key"}},
	"WebexConfig":     {required: []string{"room_id", "http_config"}},
	"WebhookConfig":   {required: []string{"url"}},
	"WechatConfig": {required: []string{"api_secret", "corp_id"},
		values: map[string][]string{"message_type": {"text", "markdown"}}},
}

// given reports whether a field is set, to something else than the zero value of its type.
func given(object map[string]any, key string) bool {
	value, ok := object[key]
	return ok && value != "" && value != false && value != int64(0) && value != nil
}

func (c checker) constraints(path, kind string, object map[string]any) {
	k := constraints[kind]
	var set []string
	for key := range object {
		if given(object, key) {
			set = append(set, key)
		}
	}
	slices.Sort(set)
	among := func(keys []string) []string {
		return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !slices.Contains(set, key) })
	}
	for _, key := range k.required {
		if !slices.Contains(set, key) {
			c.missing(path, kind, key)
		}
	}
	found := func(keys []string) any { return json.Number(strings.Join(among(keys), " and ")) }
	if len(k.oneOf) > 0 && len(among(k.oneOf)) != 1 {
		c.refuse(path, found(k.oneOf), "exactly one of "+strings.Join(k.oneOf, ", "), "set one of them")
	}
	if len(among(k.atMost)) > 1 {
		c.refuse(path, found(k.atMost), "at most one of "+strings.Join(k.atMost, ", "), "remove the others")
	}
	if n := len(among(k.together)); n > 0 && n < len(k.together) {
		c.refuse(path, found(k.together), strings.Join(k.together, " and ")+", or neither", "set both, or remove it")
	}
	for key, other := range k.needs {
		if slices.Contains(set, key) && !slices.Contains(set, other) {
			c.refuse(path+"."+other, nil, "a value, which "+key+" needs", "set it, or remove "+key)
		}
	}
	for key, allowed := range k.values {
		if text, ok := object[key].(string); ok && !slices.Contains(allowed, text) {
			c.refuse(path+"."+key, text, strings.Join(allowed, ", "), "choose one, or remove the key")
		}
	}
	if special, ok := specials[kind]; ok {
		special(c, path, object)
	}
}

// missing adds the error of a field that has no value.
func (c checker) missing(path, kind, key string) {
	fix := "set it"
	if declared := original.Types[kind][key]; declared == "secret" || declared == "secretURL" {
		fix = setSecret(path + "." + key)
	}
	c.errs.Add(path+"."+key, nil, "a value: Alertmanager needs it", fix)
}

func setSecret(path string) string { return "pulumi config set --secret --path '" + path + "' <value>" }

// specials check what is not in a constraint, by type.
var specials = map[string]func(c checker, path string, object map[string]any){
	"Authorization": func(c checker, path string, object map[string]any) {
		if text, _ := object["type"].(string); strings.EqualFold(strings.TrimSpace(text), "basic") {
			c.refuse(path+".type", text, "another type", "use basic_auth instead of authorization")
		}
	},
	"HTTPClientConfig": func(c checker, path string, object map[string]any) {
		if given(object, "proxy_from_environment") {
			c.refuse(path+".proxy_from_environment", true, "false: Alertmanager's pod has no proxy in its environment",
				"set proxy_url")
		}
		headers, _ := object["http_headers"].(map[string]any)
		for name := range headers {
			if header := textproto.CanonicalMIMEHeaderKey(name); slices.Contains(original.Headers, header) {
				c.refuse(path+".http_headers."+name, name, "none of "+strings.Join(original.Headers, ", "),
					"use authorization or basic_auth for a login")
			}
		}
	},
	"OAuth2": func(c checker, path string, object map[string]any) {
		if given(object, "proxy_from_environment") {
			c.refuse(path+".proxy_from_environment", true, "false: Alertmanager's pod has no proxy in its environment",
				"set proxy_url")
		}
		if text, ok := object["token_url"].(string); ok && !isAddress(text) {
			c.hidden(path+".token_url", "a URL that starts with https://", "correct it")
		}
	},
	"EmailConfig": func(c checker, path string, object map[string]any) {
		headers, _ := object["headers"].(map[string]any)
		names := map[string]bool{}
		for name := range headers {
			header := textproto.CanonicalMIMEHeaderKey(name)
			if threading, _ := object["threading"].(map[string]any); names[header] ||
				given(threading, "enabled") && (header == "References" || header == "In-Reply-To") {
				c.refuse(path+".headers."+name, name, "each header once, and none that threading sets", "remove one")
			}
			names[header] = true
		}
	},
	"IncidentioConfig": func(c checker, path string, object map[string]any) {
		http, _ := object["http_config"].(map[string]any)
		if given(object, "alert_source_token") == given(http, "authorization") {
			c.errs.Add(path+".alert_source_token", nil, "one of alert_source_token and http_config.authorization",
				setSecret(path+".alert_source_token"))
		}
	},
	"WebexConfig": func(c checker, path string, object map[string]any) {
		http, ok := object["http_config"].(map[string]any)
		if ok && !given(http, "authorization") {
			c.errs.Add(path+".http_config.authorization", nil, "the token of a bot",
				setSecret(path+".http_config.authorization.credentials"))
		}
	},
	"SlackConfig": func(c checker, path string, object map[string]any) {
		http, _ := object["http_config"].(map[string]any)
		if given(object, "app_token") && (given(http, "authorization") || given(http, "bearer_token")) {
			c.refuse(path+".http_config", json.Number("authorization"), "no login with app_token", "remove one of them")
		}
		const api = "https://slack.com/api/chat.postMessage"
		if given(object, "update_message") && object["api_url"] != api {
			c.refuse(path+".update_message", true, "false, or api_url: "+api+" with http_config.authorization",
				"set one of them")
		}
	},
	"VictorOpsConfig": func(c checker, path string, object map[string]any) {
		fields, _ := object["custom_fields"].(map[string]any)
		for _, name := range []string{"routing_key", "message_type", "state_message", "entity_display_name",
			"monitoring_tool", "entity_id", "entity_state"} {
			if _, ok := fields[name]; ok {
				c.hidden(path+".custom_fields."+name, "other fields: VictorOps has this one already", "rename it")
			}
		}
	},
}
