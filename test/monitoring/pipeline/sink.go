package pipeline

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Message is one that Alertmanager has sent to a receiver.
type Message struct {
	At       time.Time
	Receiver string // its name
	Path     string // below the receiver's URL
	Body     string // JSON, or for email the subject and the text
}

// Sink receives what every receiver gets: it is Slack, PagerDuty, Opsgenie, Telegram, Discord, a webhook, a heartbeat,
// and an SMTP server.
type Sink struct {
	server      *httptest.Server
	mail        *smtp.Server
	mailAddress string

	mu       sync.Mutex
	messages []Message
	changed  chan struct{} // closed at the next message
	failing  bool
}

// NewSink listens on loopback. Close it.
func NewSink() (*Sink, error) {
	mail, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Sink{mailAddress: mail.Addr().String(), changed: make(chan struct{})}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	s.mail = s.newMailServer()
	go func() { _ = s.mail.Serve(mail) }() // until Close
	return s, nil
}

// Close ends it.
func (s *Sink) Close() error {
	s.server.CloseClientConnections()
	s.server.Close()
	return s.mail.Close()
}

// URL is where something posts to, as if it were the receiver of that name.
func (s *Sink) URL(receiver string) string { return s.server.URL + "/" + receiver }

// Fail makes every receiver answer 503, or work again.
func (s *Sink) Fail(failing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = failing
}

// address points one receiver's settings to the sink.
func (s *Sink) address(kind, receiver string, fields map[string]any) {
	url := s.URL(receiver)
	switch kind {
	case "slack", "telegram":
		fields["api_url"] = url
	case "pagerduty", "webhook":
		fields["url"] = url
	case "discord":
		fields["webhook_url"] = url
	case "opsgenie":
		fields["api_url"] = url + "/"
	case "email":
		fields["smarthost"], fields["require_tls"], fields["hello"] = s.mailAddress, false, receiver
		delete(fields, "auth_username")
		delete(fields, "auth_password")
	}
}

func (s *Sink) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	s.mu.Lock()
	failing := s.failing
	s.mu.Unlock()
	if failing {
		http.Error(w, "failing", http.StatusServiceUnavailable)
		return
	}
	receiver, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.keep(receiver, path, string(body))
	answer := "ok" // Slack's, which others do not read
	if strings.HasSuffix(path, "/sendMessage") {
		answer = `{"ok": true, "result": {"message_id": 1, "chat": {"id": 1}}}` // Telegram's
	}
	_, _ = io.WriteString(w, answer)
}

func (s *Sink) keep(receiver, path, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, Message{time.Now(), receiver, path, body})
	close(s.changed)
	s.changed = make(chan struct{})
}

// Messages are those so far that want holds for, or all, in the order of their arrival.
func (s *Sink) Messages(want func(Message) bool) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if want == nil {
		return slices.Clone(s.messages)
	}
	return slices.Collect(func(yield func(Message) bool) {
		for _, m := range s.messages {
			if want(m) && !yield(m) {
				return
			}
		}
	})
}

// Await returns the messages that want holds for as soon as there are n, or those that there are after the time.
func (s *Sink) Await(n int, within time.Duration, want func(Message) bool) []Message {
	deadline := time.After(within)
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		found := s.Messages(want)
		if len(found) >= n {
			return found
		}
		select {
		case <-changed:
		case <-deadline:
			return found
		}
	}
}

// To holds for what a receiver gets.
func To(receiver string) func(Message) bool {
	return func(m Message) bool { return m.Receiver == receiver }
}

// Read is what a person reads of a message of Slack, PagerDuty, Opsgenie, Telegram, Discord or email: its title, text,
// and the severity of PagerDuty or priority of Opsgenie.
func (m Message) Read() (title, text, severity string) {
	var body struct {
		Attachments []struct{ Title, Text string }
		Payload     struct {
			Summary, Severity string
			CustomDetails     struct{ Text string } `json:"custom_details"`
		}
		Message, Description, Priority string
		Embeds                         []struct{ Title, Description string } // Discord
		Text                           string                                // Telegram
	}
	if err := json.Unmarshal([]byte(m.Body), &body); err != nil { // email
		title, text, _ = strings.Cut(m.Body, "\n\n")
		return title, text, ""
	}
	for _, a := range body.Attachments {
		return a.Title, a.Text, ""
	}
	for _, e := range body.Embeds {
		return e.Title, e.Description, ""
	}
	if body.Text != "" {
		title, text, _ = strings.Cut(body.Text, "\n\n")
		return title, text, ""
	}
	if body.Payload.Summary != "" {
		return body.Payload.Summary, body.Payload.CustomDetails.Text, body.Payload.Severity
	}
	return body.Message, body.Description, body.Priority
}
