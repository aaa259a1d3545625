package identity

import (
	"net/http"
	"testing"
)

// A client sends what headers it likes: none of them says where a login leads.
func TestForwardedHeadersAreNotTrusted(t *testing.T) {
	l := start(t, operators())
	for _, header := range []http.Header{
		{"X-Forwarded-Uri": {"/elsewhere"}},
		{"X-Forwarded-Host": {"example.net"}, "X-Forwarded-Proto": {"http"}},
	} {
		v := &visitor{t: t, login: l, cookies: map[string]*http.Cookie{}}
		if got := v.logInAt("/events", header, user("a@example.org", "operators")).location; got != "/events" {
			t.Errorf("%v: the login leads to %q, want /events", header, got)
		}
	}
}
