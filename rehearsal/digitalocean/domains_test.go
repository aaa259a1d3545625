package digitalocean

import (
	"testing"

	"github.com/digitalocean/godo"
)

// Terraform's provider sends no type when it changes a record.
func TestRecordsKeepWhatAnEditLeavesOut(t *testing.T) {
	s, c := open(t, &fake{})
	s.AddDomain("example.com")
	created, _, err := c.Domains.CreateRecord(t.Context(), "example.com", &godo.DomainRecordEditRequest{
		Type: "A", Name: "grafana", Data: "203.0.113.1", TTL: 300,
	})
	if err != nil {
		t.Fatal(err)
	}
	edited, _, err := c.Domains.EditRecord(t.Context(), "example.com", created.ID, &godo.DomainRecordEditRequest{TTL: 600})
	if err != nil {
		t.Fatal(err)
	}
	want := *created
	want.TTL = 600
	if *edited != want {
		t.Errorf("record = %+v, want %+v", *edited, want)
	}
}
