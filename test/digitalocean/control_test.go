package digitalocean

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

func control(t *testing.T, s *Simulator, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.ControlURL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

func TestControl(t *testing.T) {
	s, c := open(t, &fake{})
	get := func() int {
		_, _, err := c.Account.Get(t.Context())
		return status(err)
	}
	code, answer := control(t, s, http.MethodPost, "/faults",
		`{"method": "GET", "prefix": "/v2/account", "status": 503, "times": 1, "retryAfter": 1}`)
	var on Fault
	if err := json.Unmarshal([]byte(answer), &on); err != nil || code != http.StatusCreated || on.ID == "" {
		t.Fatalf("%d %s, %v; want the fault with its id", code, answer, err)
	}
	if code, answer := control(t, s, http.MethodGet, "/faults", ""); code != http.StatusOK ||
		!strings.Contains(answer, on.ID) {
		t.Errorf("%d %s, want the fault listed", code, answer)
	}
	if got := get(); got != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", got)
	}
	if got := get(); got != 0 {
		t.Errorf("status %d, want the fault over", got)
	}
	if code, _ := control(t, s, http.MethodDelete, "/faults/"+on.ID, ""); code != http.StatusNotFound {
		t.Errorf("status %d, want 404: the fault is over", code)
	}
	for _, end := range []string{"/faults", "id"} {
		_, answer := control(t, s, http.MethodPost, "/faults", `{"status": 500}`)
		if err := json.Unmarshal([]byte(answer), &on); err != nil {
			t.Fatal(err)
		}
		if got := get(); got != http.StatusInternalServerError {
			t.Errorf("status %d, want 500", got)
		}
		if end == "id" {
			end = "/faults/" + on.ID
		}
		if code, _ := control(t, s, http.MethodDelete, end, ""); code != http.StatusNoContent || get() != 0 {
			t.Errorf("DELETE %s: status %d, want the fault to end", end, code)
		}
	}
}

func TestControlRefuses(t *testing.T) {
	s, _ := open(t, &fake{})
	for body, want := range map[string]string{
		`{"staus": 500}`:               "staus",
		`{}`:                           "needs status, delay, reset, dropAnswer, state or lag",
		`{"status": 200}`:              "allowed: 400 to 599",
		`{"state": "asleep"}`:          "allowed: running, provisioning",
		`{"status": 500, "times": -1}`: "not negative",
		`nothing`:                      "invalid character",
	} {
		code, answer := control(t, s, http.MethodPost, "/faults", body)
		if code != http.StatusBadRequest || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s, want 400 with %q", body, code, answer, want)
		}
	}
	if on := s.Faults(); len(on) != 0 {
		t.Errorf("on: %+v", on)
	}
}

func TestControlOfTheToken(t *testing.T) {
	s, c := open(t, &fake{})
	for _, step := range []struct {
		body string
		want int
	}{
		{`{"revoked": true}`, http.StatusUnauthorized}, {`{"scopes": ["vpc:read"]}`, http.StatusForbidden},
		{`{"scopes": ["account:read"]}`, 0}, {`{"scopes": []}`, http.StatusForbidden}, {`{}`, 0},
	} {
		if code, answer := control(t, s, http.MethodPut, "/token", step.body); code != http.StatusNoContent {
			t.Fatalf("%s: %d %s", step.body, code, answer)
		}
		if _, _, err := c.Account.Get(t.Context()); status(err) != step.want {
			t.Errorf("%s: err = %v, want %d", step.body, err, step.want)
		}
	}
}
