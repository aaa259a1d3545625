package digitalocean

import (
	"net/http"
	"testing"

	"github.com/digitalocean/godo"
)

func TestWrongTokenAndFaults(t *testing.T) {
	s, c := open(t, &fake{})
	if _, _, err := client(t, s, "wrong").Account.Get(t.Context()); status(err) != http.StatusUnauthorized {
		t.Errorf("a wrong token: %v", err)
	}
	s.Fail(http.MethodPost, "/v2/vpcs", http.StatusForbidden, 1)
	if _, _, err := c.VPCs.Create(t.Context(), &godo.VPCCreateRequest{Name: "net", RegionSlug: "fra1"}); status(err) != http.StatusForbidden {
		t.Errorf("a fault that was asked for: %v", err)
	}
	newVPC(t, c) // once only
}
