package stack

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"doks-security/account/accounttest"
	"doks-security/stack/catalog"
)

// nodePrices are list prices of November 2026.
var nodePrices = map[string]float64{"s-2vcpu-4gb": 24, "s-4vcpu-8gb": 48}

func TestMonthlyCost(t *testing.T) {
	for _, c := range []struct {
		name, stack string
		raw         map[string]string // instead of the fixture
		want        Cost
	}{
		{name: "dev", stack: "dev", want: Cost{Nodes: 48, Volumes: 2.70, Total: 50.70, Maximum: 50.70}},
		{name: "staging", stack: "staging", want: Cost{Nodes: 144, Volumes: 13.30, Spaces: 5, Total: 162.30,
			Maximum: 162.30}},
		{name: "prod", stack: "prod", want: Cost{Nodes: 240, ControlPlane: 40, Volumes: 17.80, Spaces: 5, Total: 302.80,
			Maximum: 782.80}},
		{name: "an existing cluster", raw: map[string]string{"profile": "prod", "cluster": `{"existing":"shared"}`},
			want: Cost{Volumes: 13.80, Total: 13.80, Maximum: 13.80}},
		{name: "volumes of another driver",
			raw: map[string]string{"cluster": `{"existing":"shared","storageClass":"nfs"}`}, want: Cost{}},
		{name: "a pool that scales to zero", raw: map[string]string{"cluster": `{"pools":[` +
			`{"name":"a","size":"s-4vcpu-8gb","count":2},{"name":"b","size":"s-2vcpu-4gb","autoScale":{"min":0,"max":3}}]}`},
			want: Cost{Nodes: 96, Volumes: 2.70, Total: 98.70, Maximum: 170.70}},
		{name: "the demo, on Spaces", raw: map[string]string{"cluster": onePool, "logging": `{"storage":"spaces"}`,
			"virtualClusters": `{"demo":true}`},
			want: Cost{Nodes: 144, Volumes: 5.20, Spaces: 5, Total: 154.20, Maximum: 154.20}},
		{name: "a Gateway", raw: map[string]string{"cluster": onePool, "exposure": byGateway(t)},
			want: Cost{Nodes: 144, LoadBalancers: 12, Volumes: 2.70, Total: 158.70, Maximum: 158.70}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.raw == nil {
				c.raw = environment(t, c.stack)
			}
			s, err := Parse("any", c.raw)
			if err != nil {
				t.Fatal(err)
			}
			got, err := MonthlyCost(s, nodePrices)
			if err != nil || got != c.want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

func TestMonthlyCostNamesWhatHasNoPrice(t *testing.T) {
	s, err := Parse("prod", environment(t, "prod"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := MonthlyCost(s, nil); err == nil || err.Error() != "no price of s-4vcpu-8gb" {
		t.Errorf("error %v, want one that names s-4vcpu-8gb once", err)
	}
}

func TestDeployExportsItsCost(t *testing.T) {
	for _, c := range []struct {
		name   string
		prices map[string]float64
		want   string
	}{
		{"known prices", nodePrices, "map[controlPlane:0 loadBalancers:0 maximum:50.7 nodes:48 spaces:0 total:50.7 " +
			"volumes:2.7]"},
		{"no prices, and deployed all the same", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mocks{account: accounttest.Account{Sizes: []godo.Size{
				{Slug: "s-2vcpu-4gb", PriceMonthly: c.prices["s-2vcpu-4gb"]},
			}}}
			if err := deploy(t, m, "dev", environment(t, "dev")); err != nil {
				t.Fatal(err)
			}
			got := ""
			if cost, ok := m.exports["monthlyCostUSD"]; ok {
				got = fmt.Sprint(cost)
			}
			if got != c.want {
				t.Errorf("exported %s, want %s", got, c.want)
			}
		})
	}
}

const (
	costStart = "<!-- costs: go test ./stack -run Cost -update -->\n"
	costEnd   = "<!-- /costs -->"
)

// The tables people budget with are made of the sample environments, as fixtures, and the prices.
func TestCostsAreDocumented(t *testing.T) {
	const file = "../docs/costs.md"
	table := "| a month, in US dollars | dev | staging | prod |\n|---|---|---|---|\n"
	rows := []struct {
		name string
		of   func(Cost) float64
	}{
		{"nodes (minimum)", func(c Cost) float64 { return c.Nodes }},
		{"control plane", func(c Cost) float64 { return c.ControlPlane }},
		{"load balancers", func(c Cost) float64 { return c.LoadBalancers }},
		{"volumes", func(c Cost) float64 { return c.Volumes }},
		{"Spaces", func(c Cost) float64 { return c.Spaces }},
		{"**total**", func(c Cost) float64 { return c.Total }},
		{"total with all pools at their maximum", func(c Cost) float64 { return c.Maximum }},
	}
	var costs []Cost
	for _, stack := range []string{"dev", "staging", "prod"} {
		s, err := Parse(stack, environment(t, stack))
		if err != nil {
			t.Fatal(err)
		}
		cost, err := MonthlyCost(s, nodePrices)
		if err != nil {
			t.Fatal(err)
		}
		costs = append(costs, cost)
	}
	for _, row := range rows {
		table += "| " + row.name
		for _, cost := range costs {
			table += fmt.Sprintf(" | %.2f", row.of(cost))
		}
		table += " |\n"
	}
	table += "\nPrices of " + catalog.PricesDate + ", for a month:\n\n| | USD | source |\n|---|---|---|\n"
	for _, size := range []string{"s-2vcpu-4gb", "s-4vcpu-8gb"} {
		table += fmt.Sprintf("| a node of the size %s | %.2f | DigitalOcean's API, at each run |\n", size, nodePrices[size])
	}
	for _, p := range []catalog.Price{catalog.HighAvailability, catalog.LoadBalancerNode, catalog.VolumeGiB,
		catalog.SnapshotGiB, catalog.Spaces} {
		table += fmt.Sprintf("| %s | %.2f | <%s> |\n", p.Of, p.USD, p.Source)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, start := strings.Cut(string(text), costStart)
	_, after, end := strings.Cut(rest, costEnd)
	if !start || !end {
		t.Fatalf("%s has no table of costs", file)
	}
	want := before + costStart + table + costEnd + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Errorf("%s differs from testdata/environments and the prices; go test ./stack -run Cost -update writes it", file)
	}
}
