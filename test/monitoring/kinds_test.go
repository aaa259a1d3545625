package monitoring

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"doks-security/alerting"
	"doks-security/stack/field"
)

// smallest is an entry of each kind of receiver with no field too many.
var smallest = map[string]string{
	"discord_configs":    `{"webhook_url": "https://example.org"}`,
	"email_configs":      `{"to": "a@example.org", "from": "b@example.org", "smarthost": "example.org:587"}`,
	"incidentio_configs": `{"url": "https://example.org", "http_config": {"authorization": {"credentials": "a"}}}`,
	"jira_configs":       `{"api_url": "https://example.org", "project": "A", "issue_type": "Bug"}`,
	"mattermost_configs": `{"webhook_url": "https://example.org"}`,
	"msteams_configs":    `{"webhook_url": "https://example.org"}`,
	"msteamsv2_configs":  `{"webhook_url": "https://example.org"}`,
	"opsgenie_configs":   `{"api_key": "a"}`,
	"pagerduty_configs":  `{"routing_key": "a"}`,
	"pushover_configs":   `{"user_key": "a", "token": "b"}`,
	"rocketchat_configs": `{"token": "a", "token_id": "b"}`,
	"slack_configs":      `{"api_url": "https://example.org"}`,
	"sns_configs":        `{"topic_arn": "arn:aws:sns:eu-central-1:1:a"}`,
	"telegram_configs":   `{"chat_id": -1001234567890, "bot_token": "1:a"}`,
	"victorops_configs":  `{"api_key": "a", "routing_key": "b"}`,
	"webex_configs":      `{"room_id": "a", "http_config": {"authorization": {"credentials": "a"}}}`,
	"webhook_configs":    `{"url": "https://example.org"}`,
	"wechat_configs":     `{"api_secret": "a", "corp_id": "b"}`,
}

// refused are entries that Alertmanager does not load: those in which two fields do not agree.
var refused = map[string][]string{
	"email_configs": {`{"headers": {"subject": "a", "Subject": "b"}}`, `{"threading": {"enabled": true}}`,
		`{"threading": {"enabled": true, "thread_by_date": "daily"}, "headers": {"References": "a"}}`,
		`{"smarthost": "example.org"}`},
	"incidentio_configs": {`{"alert_source_token": "a"}`, `{"http_config": {"follow_redirects": true}}`},
	"jira_configs":       {`{"api_type": "server"}`, `{"reopen_duration": "soon"}`},
	"opsgenie_configs": {`{"responders": [{"type": "team"}]}`, `{"responders": [{"id": "a"}]}`,
		`{"responders": [{"id": "a", "type": "group"}]}`},
	"pushover_configs": {`{"html": true, "monospace": true}`, `{"retry": "1 minute"}`},
	"slack_configs": {`{"app_token": "a"}`, `{"update_message": true}`, `{"fields": [{"title": "a"}]}`,
		`{"actions": [{"type": "button", "text": "a"}]}`,
		`{"actions": [{"type": "a", "text": "b", "name": "c", "confirm": {}}]}`},
	"sns_configs":       {`{"target_arn": "a"}`, `{"sigv4": {"access_key": "a"}}`, `{"sigv4": {"external_id": "a"}}`},
	"telegram_configs":  {`{"parse_mode": "Text"}`, `{"chat_id": "a"}`, `{"api_url": "example.org"}`},
	"victorops_configs": {`{"custom_fields": {"entity_id": "a"}}`},
	"webex_configs":     {`{"http_config": {"authorization": {"type": "basic", "credentials": "a"}}}`},
	"webhook_configs": {`{"http_config": {"basic_auth": {"username": "a"}, "authorization": {"credentials": "a"}}}`,
		`{"http_config": {"oauth2": {"client_id": "a", "client_secret": "a"}}}`, `{"max_alerts": -1}`,
		`{"http_config": {"no_proxy": "a"}}`, `{"http_config": {"proxy_connect_header": {"A": ["b"]}}}`,
		`{"http_config": {"http_headers": {"authorization": {"values": ["a"]}}}}`, `{"timeout": "soon"}`,
		`{"http_config": {"tls_config": {"min_version": "TLS14"}}}`, `{"unknown": 1}`, `{"url": "https://"}`},
	"wechat_configs": {`{"message_type": "html"}`},
}

// of is a receiver that has one entry.
func of(t *testing.T, kind string, entry map[string]any) alerting.Settings {
	t.Helper()
	return alerting.Settings{Receivers: []alerting.Receiver{{Name: "a", MinimumSeverity: "critical",
		Alertmanager: alerting.Fragment{kind: []any{entry}}}}}
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var read alerting.Fragment
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return read
}

// agree compares the program's verdict on settings with that of Alertmanager.
func agree(t *testing.T, s alerting.Settings, valid bool) {
	t.Helper()
	var errs field.Errors
	s.Validate(&errs)
	text, err := s.Config(links)
	if err != nil {
		t.Fatal(err)
	}
	_, err = config.Load(text)
	if (len(errs) == 0) != valid || (err == nil) != valid {
		t.Errorf("valid %v; the program: %v\nAlertmanager: %v\n%s", valid, errs, err, text)
	}
}

func TestReceiversOfEveryKind(t *testing.T) {
	var fields struct{ Types map[string]map[string]string }
	text, err := os.ReadFile(fieldsFile)
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	if err != nil {
		t.Fatal(err)
	}
	kinds := slices.DeleteFunc(slices.Sorted(maps.Keys(fields.Types["Receiver"])),
		func(kind string) bool { return kind == "name" })
	if known := slices.Sorted(maps.Keys(smallest)); !slices.Equal(kinds, known) {
		t.Errorf("Alertmanager has %v, this test %v", kinds, known)
	}
	for kind, entry := range smallest {
		t.Run(kind, func(t *testing.T) {
			agree(t, of(t, kind, object(t, entry)), true)
			for key := range object(t, entry) {
				less := object(t, entry)
				delete(less, key)
				// Alertmanager loads incident.io without a login, which is of no use.
				if kind != "incidentio_configs" || key != "http_config" {
					agree(t, of(t, kind, less), false)
				}
			}
			for _, change := range refused[kind] {
				more := object(t, entry)
				maps.Copy(more, object(t, change))
				agree(t, of(t, kind, more), false)
			}
		})
	}
}

// texts are the fields of each kind that a person reads.
func texts(r config.Receiver) map[string][]string {
	all := map[string][]string{}
	for _, c := range r.DiscordConfigs {
		all["discord"] = []string{c.Title, c.Message}
	}
	for _, c := range r.MattermostConfigs {
		all["mattermost"] = []string{c.Title, c.Text}
	}
	for _, c := range r.MSTeamsV2Configs {
		all["msteamsv2"] = []string{c.Title, c.Text}
	}
	for _, c := range r.MSTeamsConfigs {
		all["msteams"] = []string{c.Title, c.Text}
	}
	for _, c := range r.PushoverConfigs {
		all["pushover"] = []string{c.Title, c.Message}
	}
	for _, c := range r.RocketchatConfigs {
		all["rocketchat"] = []string{c.Title, c.Text}
	}
	for _, c := range r.SNSConfigs {
		all["sns"] = []string{c.Subject, c.Message}
	}
	for _, c := range r.TelegramConfigs {
		all["telegram"] = []string{c.Message}
	}
	for _, c := range r.VictorOpsConfigs {
		all["victorops"] = []string{c.EntityDisplayName, c.StateMessage, c.MessageType}
	}
	for _, c := range r.WebexConfigs {
		all["webex"] = []string{c.Message}
	}
	for _, c := range r.WechatConfigs {
		all["wechat"] = []string{c.Message}
	}
	for _, c := range r.JiraConfigs {
		all["jira"] = []string{c.Summary.Template, c.Description.Template}
	}
	return all
}

// Whatever the kind: a message has a title with the severity, a text and a link, also as HTML, and a bounded size.
func TestMessagesOfEveryKind(t *testing.T) {
	templates, err := template.FromGlobs(nil)
	if err != nil {
		t.Fatal(err)
	}
	templates.ExternalURL = &url.URL{Scheme: "https", Host: "alertmanager.example.org"}
	now := time.Now()
	var alerts []*amalert.Alert
	for i := range 40 {
		alerts = append(alerts, &amalert.Alert{Alert: model.Alert{
			Labels:   set(fmt.Sprintf("alertname=FalcoBlind, severity=critical, node=%d", i)),
			StartsAt: now, EndsAt: now.Add(time.Hour),
			Annotations: model.LabelSet{"description": model.LabelValue("No events & <more>. " + strings.Repeat("x", 3000))},
		}})
	}
	read := 0
	for kind, entry := range smallest {
		r := receiver(t, load(t, of(t, kind, object(t, entry))), "a")
		data := templates.Data("a", nil, nil, "", alerts...)
		for name, fields := range texts(r) {
			read++
			var all, html string
			for _, text := range fields {
				plain, err := templates.ExecuteTextString(text, data)
				escaped, errHTML := templates.ExecuteHTMLString(text, data)
				if err != nil || errHTML != nil {
					t.Errorf("%s: %v, %v", name, err, errHTML)
				}
				all, html = all+plain+"\n", html+escaped
			}
			for _, want := range []string{"[FIRING:40] FalcoBlind (critical, prod)", "No events & <more>.", "and 35 more",
				"https://grafana.example.org/alerting/groups"} {
				if !strings.Contains(all, want) {
					t.Errorf("%s: no %q in\n%.2000s", name, want, all)
				}
			}
			if len(all) > 4096 || !strings.Contains(html, "No events &amp; &lt;more&gt;.") {
				t.Errorf("%s: %d bytes, or it is no HTML: %.300s", name, len(all), html)
			}
		}
	}
	if read != 12 {
		t.Errorf("%d kinds with texts, want 12", read)
	}
}
