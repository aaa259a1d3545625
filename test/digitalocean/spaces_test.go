package digitalocean

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
)

func TestSpacesKeyNeedsItsBucket(t *testing.T) {
	s, c := open(t, &fake{})
	grant := &godo.SpacesKeyCreateRequest{Name: "k",
		Grants: []*godo.Grant{{Bucket: "logs", Permission: godo.SpacesKeyReadWrite}}}
	if _, _, err := c.SpacesKeys.Create(t.Context(), grant); status(err) != http.StatusUnprocessableEntity {
		t.Errorf("a key for a bucket that is not there: %v", err)
	}
	put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.SpacesURL()+"/logs", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(put)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("creating the bucket: %v, %v", response, err)
	}
	response.Body.Close()
	key, _, err := c.SpacesKeys.Create(t.Context(), grant)
	if err != nil || key.SecretKey == "" {
		t.Fatalf("key %+v, %v", key, err)
	}
	again, _, err := c.SpacesKeys.Get(t.Context(), key.AccessKey)
	if err != nil || again.SecretKey != "" {
		t.Errorf("the secret is returned a second time: %+v, %v", again, err)
	}
}

// The published provider puts the bucket's name into the host, and reaches it through a proxy.
func TestBucketInTheHost(t *testing.T) {
	s, _ := open(t, &fake{})
	proxy, err := url.Parse(s.SpacesURL())
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	for _, method := range []string{http.MethodPut, http.MethodHead, http.MethodDelete} {
		call, err := http.NewRequestWithContext(t.Context(), method, "http://logs."+SpacesHost+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(call)
		if err != nil || response.StatusCode >= 300 {
			t.Fatalf("%s: %v, %v", method, response, err)
		}
		response.Body.Close()
		if left := s.Leftovers(); method == http.MethodPut && !slices.Equal(left, []string{"bucket logs"}) {
			t.Errorf("left %v, want the bucket", left)
		}
	}
	if left := s.Leftovers(); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// Requests to Spaces one after another, by what they find and change.
func TestBuckets(t *testing.T) {
	s, _ := open(t, &fake{})
	s.TakeBucket("theirs")
	deleted := `<Delete><Object><Key>chunks/2</Key></Object><Object><Key>index</Key></Object></Delete>`
	for _, c := range []struct {
		request, body string
		status        int
		answer        string
	}{
		{"PUT /theirs", "", http.StatusConflict, "<Code>BucketAlreadyExists</Code>"},
		{"HEAD /theirs", "", http.StatusForbidden, ""},
		{"DELETE /theirs", "", http.StatusForbidden, "<Code>AccessDenied</Code>"},
		{"HEAD /logs", "", http.StatusNotFound, ""},
		{"PUT /logs/index", "x", http.StatusNotFound, "<Code>NoSuchBucket</Code>"},
		{"PUT /logs", "", http.StatusOK, ""},
		{"PUT /logs", "", http.StatusOK, ""}, // again, by its owner
		{"PUT /logs/index", "x", http.StatusOK, ""},
		{"PUT /logs/chunks/1", "12", http.StatusOK, ""},
		{"PUT /logs/chunks/2", "123", http.StatusOK, ""},
		{"GET /logs/chunks/2", "", http.StatusOK, "123"},
		{"GET /logs/chunks/3", "", http.StatusNotFound, "<Code>NoSuchKey</Code>"},
		{"GET /logs", "", http.StatusOK, "<Key>chunks/1</Key>"},
		{"GET /logs?versions", "", http.StatusOK, "<Version><Key>index</Key>"},
		{"DELETE /logs", "", http.StatusConflict, "<Code>BucketNotEmpty</Code>"},
		{"DELETE /logs/chunks/1", "", http.StatusNoContent, ""},
		{"POST /logs?delete", deleted, http.StatusOK, "DeleteResult"},
		{"GET /logs?lifecycle", "", http.StatusNotFound, "<Code>NoSuchLifecycleConfiguration</Code>"},
		{"PUT /logs?lifecycle", "<rules/>", http.StatusOK, ""},
		{"GET /logs?lifecycle", "", http.StatusOK, "<rules/>"},
		{"DELETE /logs?lifecycle", "", http.StatusNoContent, ""},
		{"DELETE /logs", "", http.StatusNoContent, ""},
		{"GET /logs", "", http.StatusNotFound, "<Code>NoSuchBucket</Code>"},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, s.SpacesURL()+path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != c.status || !strings.Contains(string(answer), c.answer) {
			t.Errorf("%s: %d %s, %v; want %d %s", c.request, response.StatusCode, answer, err, c.status, c.answer)
		}
	}
}

func TestSpacesFaults(t *testing.T) {
	s, _ := open(t, &fake{})
	s.Fail(http.MethodPut, "/spaces/logs", http.StatusServiceUnavailable, 1)
	for _, want := range []int{http.StatusServiceUnavailable, http.StatusOK} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.SpacesURL()+"/logs", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("status %d, want %d", response.StatusCode, want)
		}
	}
}
