package rehearse

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Any answer will do: what a server has is the CLI's to find out.
func TestReachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	if err := reachable(t.Context(), server.URL); err != nil {
		t.Error(err)
	}
	server.Close()
	if err := reachable(t.Context(), server.URL); err == nil {
		t.Error("a server that is gone is reachable")
	}
}
