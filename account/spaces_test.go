package account

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHasBucket(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		want   bool
		fails  bool
	}{
		{"public", http.StatusOK, true, false},
		{"private", http.StatusForbidden, true, false},
		{"moved to another region", http.StatusMovedPermanently, true, false},
		{"none", http.StatusNotFound, false, false},
		{"no Spaces", http.StatusTeapot, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodHead || r.URL.Path != "/fra1/logs" || r.Header.Get("Authorization") != "" {
					t.Errorf("%s %s with %v", r.Method, r.URL.Path, r.Header)
				}
				w.WriteHeader(c.status)
			}))
			defer server.Close()
			got, err := HasBucket(t.Context(), SpacesEndpoint(server.URL+"/{{.Region}}/", "fra1"), "logs")
			if got != c.want || (err != nil) != c.fails {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}
