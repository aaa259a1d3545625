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

func TestRecordsByName(t *testing.T) {
	s, c := open(t, &fake{})
	s.AddDomain("example.com")
	for _, r := range []godo.DomainRecordEditRequest{
		{Type: "A", Name: "grafana", Data: "203.0.113.1"},
		{Type: "TXT", Name: "grafana", Data: "text"},
		{Type: "A", Name: "@", Data: "203.0.113.2"},
	} {
		if _, _, err := c.Domains.CreateRecord(t.Context(), "example.com", &r); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name string
		want int
	}{{"grafana.example.com", 2}, {"example.com", 1}, {"grafana", 0}} {
		found, _, err := c.Domains.RecordsByName(t.Context(), "example.com", test.name, nil)
		if err != nil || len(found) != test.want {
			t.Errorf("%s has %v (%v), want %d", test.name, found, err, test.want)
		}
	}
	found, _, err := c.Domains.RecordsByTypeAndName(t.Context(), "example.com", "A", "grafana.example.com", nil)
	if err != nil || len(found) != 1 || found[0].Data != "203.0.113.1" {
		t.Errorf("of type A: %v (%v)", found, err)
	}
}
