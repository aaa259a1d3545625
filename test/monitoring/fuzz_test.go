package monitoring

import (
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"doks-security/alerting"
	"doks-security/stack/field"
	"doks-security/stack/stacktest"
	"doks-security/test/monitoring/scenario"
	"doks-security/values"
)

// Whatever the settings of alerting are: either they are refused, or Alertmanager loads its configuration, and its
// templates make of each value what was set.
func FuzzAlerting(f *testing.F) {
	base, err := json.Marshal(allSettings())
	if err != nil {
		f.Fatal(err)
	}
	templates, err := template.FromGlobs(nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range stacktest.Seeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var raw map[string]any
		if err := json.Unmarshal(base, &raw); err != nil {
			t.Fatal(err)
		}
		removeNull(raw)
		stacktest.Alter(raw, data)
		encoded, err := json.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		var settings alerting.Settings
		d := field.Decoder{Formats: field.Common.With(alerting.Formats)}
		d.Decode("alerting", string(encoded), &settings)
		if len(d.Misfits) > 0 {
			t.Fatal(d.Misfits)
		}
		errs := d.Refused
		if settings.Validate(&errs); len(errs) > 0 {
			return
		}
		text, err := settings.Config(links)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if field.Variable.MatchString(text) {
			t.Errorf("the operator replaces a variable in\n%s", text)
		}
		for i, r := range settings.Receivers {
			checkReceiver(t, templates, r, receiver(t, loaded, settings.Receivers[i].Name))
			checkReceiver(t, templates, r, receiver(t, loaded, settings.Receivers[i].Name+"/events"))
		}
	})
}

// removeNull removes what JSON has for the kinds of channels that a receiver is not.
func removeNull(value any) {
	switch v := value.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, element any) bool { return element == nil })
		for _, element := range v {
			removeNull(element)
		}
	case []any:
		for _, element := range v {
			removeNull(element)
		}
	}
}

func receiver(t *testing.T, c *config.Config, name string) config.Receiver {
	t.Helper()
	for _, r := range c.Receivers {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("no receiver %q", name)
	return config.Receiver{}
}

// checkReceiver compares what Alertmanager sends with what was set.
func checkReceiver(t *testing.T, templates *template.Template, want alerting.Receiver, got config.Receiver) {
	t.Helper()
	same := func(of, want, got string) {
		t.Helper()
		if text, err := templates.ExecuteTextString(got, &template.Data{}); err != nil || text != want {
			t.Errorf("%s is %q in Alertmanager (%v), want %q", of, text, err, want)
		}
	}
	switch {
	case want.Alertmanager != nil:
		telegram, discord := want.Alertmanager["telegram_configs"].([]any)[0].(map[string]any), got.DiscordConfigs[0]
		if token := string(got.TelegramConfigs[0].BotToken); token != telegram["bot_token"] || discord.WebhookURL == nil ||
			got.TelegramConfigs[0].ChatID != -1001234567890 {
			t.Errorf("Telegram's token is %q, its chat %d; Discord's URL %v", token, got.TelegramConfigs[0].ChatID,
				discord.WebhookURL)
		}
	case want.Slack != nil:
		same("the channel", want.Slack.Channel, got.SlackConfigs[0].Channel)
		// Alertmanager escapes what a URL may have without: a second @.
		u, err := url.Parse(want.Slack.URL)
		if got := got.SlackConfigs[0].APIURL.URL.String(); err != nil || got != u.String() {
			t.Errorf("Slack's URL is %q (%v), want %q", got, err, u)
		}
	case want.PagerDuty != nil:
		same("the routing key", want.PagerDuty.RoutingKey, string(got.PagerdutyConfigs[0].RoutingKey))
	case want.Opsgenie != nil:
		same("the API key", want.Opsgenie.APIKey, string(got.OpsGenieConfigs[0].APIKey))
	case want.Webhook != nil:
		same("the webhook", want.Webhook.URL, string(got.WebhookConfigs[0].URL))
	case want.Email != nil:
		same("to", want.Email.To, got.EmailConfigs[0].To)
		same("from", want.Email.From, got.EmailConfigs[0].From)
		if e := got.EmailConfigs[0]; e.AuthUsername != want.Email.Username || string(e.AuthPassword) != want.Email.Password {
			t.Errorf("the login is %q, %q", e.AuthUsername, e.AuthPassword)
		}
	}
}

// Whatever is approved and wherever runbooks are, Prometheus loads the rules, and its expressions select just that.
func FuzzAlertRules(f *testing.F) {
	for _, seed := range stacktest.Seeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		settings := map[string]any{"namespace": "team-a", "digest": "sha256:0123", "grafana": "https://grafana.example.org",
			"runbooks": "https://example.org/runbooks"}
		stacktest.Alter(settings, data)
		given := func(key string) string {
			return strings.Map(func(r rune) rune {
				if unicode.IsControl(r) { // no setting has any, and YAML takes one of them for the end of a line
					return '?'
				}
				return r
			}, strings.ToValidUTF8(settings[key].(string), "?"))
		}
		namespace, digest := given("namespace"), given("digest")
		groups, err := values.Alerts("native", values.DefaultNamespaces(), map[string][]string{namespace: {digest}},
			values.AlertLinks{Grafana: given("grafana"), Runbooks: given("runbooks")})
		if err != nil {
			t.Fatal(err)
		}
		for name, group := range groups {
			text, err := json.Marshal(map[string]any{"groups": []values.RuleGroup{group}})
			if err != nil {
				t.Fatal(err)
			}
			_, errs := rulefmt.Parse(text, false, model.UTF8Validation, scenario.PromQL, promslog.NewNopLogger())
			if len(errs) > 0 {
				t.Errorf("%s: %v\n%s", name, errs, text)
			}
		}
		approved := groups["approved-virtual-clusters"].Rules[0].Expr
		expr, err := scenario.PromQL.ParseExpr(approved)
		if err != nil {
			t.Fatalf("%s: %v", approved, err)
		}
		selectors := 0
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			if selector, ok := node.(*parser.VectorSelector); ok {
				selectors++
				for _, m := range selector.LabelMatchers {
					if m.Name == "namespace" && (m.Type != labels.MatchEqual || m.Value != namespace) || m.Name == "image_id" &&
						!m.Matches("registry/image@"+digest) {
						t.Errorf("%s selects %s", approved, m)
					}
				}
			}
			return nil
		})
		if selectors != 2 {
			t.Errorf("%s has %d selectors", approved, selectors)
		}
	})
}
