package digitalocean

import (
	"errors"
	"net/http"
	"testing"

	"github.com/digitalocean/godo"
)

func TestTokens(t *testing.T) {
	s, c := open(t, &fake{})
	get := func(c *godo.Client) error {
		_, _, err := c.Account.Get(t.Context())
		return err
	}
	unauthorized := func(err error) bool {
		return status(err) == http.StatusUnauthorized && message(err) == "Unable to authenticate you"
	}
	if err := get(client(t, s, "unknown")); !unauthorized(err) {
		t.Errorf("err = %v, want 401 for an unknown token", err)
	}
	if err := get(c); err != nil {
		t.Error(err)
	}
	s.Revoke()
	if err := get(c); !unauthorized(err) {
		t.Errorf("err = %v, want 401 for a revoked token", err)
	}
	s.Grant()
	if err := get(c); err != nil {
		t.Error(err)
	}
}

func TestScopes(t *testing.T) {
	f := &fake{}
	s, c := open(t, f)
	cluster := running(t, f, c)
	s.AddDomain("example.com")
	ctx := t.Context()
	requests := map[string]func() error{
		"list clusters":   func() error { _, _, err := c.Kubernetes.List(ctx, nil); return err },
		"get credentials": func() error { _, _, err := c.Kubernetes.GetCredentials(ctx, cluster.ID, nil); return err },
		"create a VPC": func() error {
			_, _, err := c.VPCs.Create(ctx, vpc("b", "fra1", ""))
			return err
		},
		"list sizes":   func() error { _, _, err := c.Sizes.List(ctx, nil); return err },
		"add a record": func() error { return record(c, t) },
		"create a key": func() error {
			_, _, err := c.SpacesKeys.Create(ctx, &godo.SpacesKeyCreateRequest{Name: "k"})
			return err
		},
		"resize the nodes": func() error { return resized(c, t, cluster) },
	}
	const denied = "You are not authorized to perform this operation"
	for _, c := range []struct {
		granted []string
		allowed string
	}{
		{[]string{"kubernetes:read"}, "list clusters"},
		{[]string{"kubernetes:access_cluster"}, "get credentials"},
		{[]string{"kubernetes:update"}, "resize the nodes"},
		{[]string{"vpc:read"}, ""},
		{[]string{"vpc:create"}, "create a VPC"},
		{[]string{"sizes:read"}, ""},
		{[]string{"sizes:read", "regions:read"}, "list sizes"},
		{[]string{"domain:update"}, "add a record"},
		{[]string{"spaces_key:create"}, ""},
		{[]string{"spaces_key:create_credentials"}, "create a key"},
	} {
		s.Grant(c.granted...)
		for name, do := range requests {
			err := do()
			if name == c.allowed && err != nil {
				t.Errorf("%v: %s: %v", c.granted, name, err)
			}
			if name != c.allowed && (status(err) != http.StatusForbidden || message(err) != denied) {
				t.Errorf("%v: %s: err = %v, want 403", c.granted, name, err)
			}
		}
	}
}

func record(c *godo.Client, t *testing.T) error {
	r := &godo.DomainRecordEditRequest{Type: "A", Name: "www", Data: "203.0.113.1"}
	_, _, err := c.Domains.CreateRecord(t.Context(), "example.com", r)
	return err
}

func resized(c *godo.Client, t *testing.T, cluster *godo.KubernetesCluster) error {
	count := 3
	r := &godo.KubernetesNodePoolUpdateRequest{Name: "default", Count: &count}
	_, _, err := c.Kubernetes.UpdateNodePool(t.Context(), cluster.ID, cluster.NodePools[0].ID, r)
	return err
}

func TestRateLimit(t *testing.T) {
	s, c := open(t, &fake{})
	_, response, err := c.Account.Get(t.Context())
	if err != nil || response.Rate.Limit != 5000 || response.Rate.Remaining != 4999 || response.Rate.Reset.IsZero() {
		t.Errorf("rate %+v, %v; want one request of 5000 used", response.Rate, err)
	}
	if _, err := s.AddFault(Fault{Status: http.StatusTooManyRequests, RetryAfter: 29, Times: 1}); err != nil {
		t.Fatal(err)
	}
	_, _, err = c.Account.Get(t.Context())
	var refused *godo.ErrorResponse
	if !errors.As(err, &refused) || status(err) != http.StatusTooManyRequests ||
		message(err) != "API Rate limit exceeded." {
		t.Fatalf("err = %v, want 429", err)
	}
	if header := refused.Response.Header; header.Get("Retry-After") != "29" || header.Get("RateLimit-Remaining") != "0" {
		t.Errorf("headers %v, want when to try again", header)
	}
}
