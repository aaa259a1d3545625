package rehearse

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Any answer will do: what a server has is the CLI's to find out.
func TestReachable(t *testing.T) {
	server, gone := httptest.NewServer(http.NotFoundHandler()), httptest.NewServer(nil)
	gone.Close()
	if err := reachable(t.Context(), gone.URL, server.URL); err != nil {
		t.Error(err)
	}
	if err := reachable(t.Context(), server.URL); err != nil {
		t.Error(err)
	}
	server.Close()
	if err := reachable(t.Context(), server.URL); err == nil {
		t.Error("a server that is gone is reachable")
	}
}
