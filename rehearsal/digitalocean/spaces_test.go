package digitalocean

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/digitalocean/godo"
)

func TestSpacesKeyNeedsItsBucket(t *testing.T) {
	s, c := open(t, &fake{})
	grant := &godo.SpacesKeyCreateRequest{Name: "k", Grants: []*godo.Grant{{Bucket: "logs", Permission: godo.SpacesKeyReadWrite}}}
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
		t.Errorf("the secret is told a second time: %+v, %v", again, err)
	}
}

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
