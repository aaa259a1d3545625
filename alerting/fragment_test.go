package alerting

import (
	"encoding/json"
	"testing"

	"gopkg.in/yaml.v3"

	"doks-security/values"
)

// Alertmanager reads what the stack file has: integers of 64 bits, and texts however they begin.
func TestFragmentsAreWrittenAsTheyAre(t *testing.T) {
	for _, message := range []string{
		"one", "\n  two\nlines", "  indented\nlines", "\ttab\nlines", "a: |\n b", "é\u2028…", "- 1",
	} {
		text, err := json.Marshal(map[string]any{"telegram_configs": []any{
			map[string]any{"chat_id": -1001234567890, "bot_token": "1:a", "message": message},
		}})
		if err != nil {
			t.Fatal(err)
		}
		r := Receiver{Name: "a", MinimumSeverity: "info"}
		if err := json.Unmarshal(text, &r.Alertmanager); err != nil {
			t.Fatal(err)
		}
		config, err := Settings{Receivers: []Receiver{r}}.Config(values.AlertLinks{})
		if err != nil {
			t.Fatal(err)
		}
		var read struct {
			Receivers []struct {
				Telegram []struct {
					Chat    int64 `yaml:"chat_id"`
					Message string
				} `yaml:"telegram_configs"`
			}
		}
		if err := yaml.Unmarshal([]byte(config), &read); err != nil {
			t.Fatalf("%q: %v\n%s", message, err, config)
		}
		if got := read.Receivers[1].Telegram[0]; got.Chat != -1001234567890 || got.Message != message {
			t.Errorf("%q is %q, the chat %d", message, got.Message, got.Chat)
		}
	}
}
