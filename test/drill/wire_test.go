package drill

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Each fault does to matching requests what it says, and to no other.
func TestWire(t *testing.T) {
	carriedOut := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		carriedOut++
		_, _ = io.WriteString(w, r.Host)
	}))
	defer server.Close()
	w := &wire{}
	url, err := w.through(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}()
	post := func(path string) (int, error) {
		response, err := http.Post(url+path, "", strings.NewReader(""))
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	for _, c := range []struct {
		name       string
		fault      Fault
		path       string
		want       int // 0: the connection is reset
		carriedOut int
	}{
		{"status", Fault{Match: "POST /v2/vpcs$", Status: 503}, "/v2/vpcs", 503, 0},
		{"another path", Fault{Match: "POST /v2/vpcs$", Status: 503}, "/v2/vpcs/1", 200, 1},
		{"another method", Fault{Match: "GET /v2/vpcs$", Status: 503}, "/v2/vpcs", 200, 1},
		{"reset", Fault{Match: "POST /v2/vpcs$"}, "/v2/vpcs", 0, 0},
		{"lost answer", Fault{Match: "POST /v2/vpcs$", Lost: true}, "/v2/vpcs", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			carriedOut = 0
			w.add(c.fault)
			got, err := post(c.path)
			if got != c.want || (c.want == 0) != errors.Is(err, syscall.ECONNRESET) || carriedOut != c.carriedOut {
				t.Errorf("status %d, error %v, carried out %d times; want %d and %d", got, err, carriedOut, c.want, c.carriedOut)
			}
			if err := w.heal(); err != nil {
				t.Fatal(err)
			}
			if got, err := post(c.path); got != 200 || err != nil {
				t.Errorf("after heal: %d, %v", got, err)
			}
		})
	}
	w.add(Fault{Match: "POST", Status: 500, Times: 2})
	for i, want := range []int{500, 500, 200} {
		if got, err := post("/"); got != want || err != nil {
			t.Errorf("request %d: %d, %v; want %d", i, got, err, want)
		}
	}
}

func TestGate(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	g, err := openGate(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer g.shut()
	get := func() error {
		response, err := http.Get("http://" + g.address)
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
	if err := get(); err != nil {
		t.Error(err)
	}
	g.slow(50 * time.Millisecond)
	started := time.Now()
	if err := get(); err != nil || time.Since(started) < 100*time.Millisecond {
		t.Errorf("slow: %v after %s", err, time.Since(started))
	}
	g.shut()
	if err := get(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("shut: %v", err)
	}
	if err := g.open(); err != nil {
		t.Fatal(err)
	}
	if err := get(); err != nil {
		t.Errorf("open again: %v", err)
	}
}
