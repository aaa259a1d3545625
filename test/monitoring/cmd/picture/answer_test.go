package main

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"doks-security/test/monitoring/dashboards"
	"doks-security/test/monitoring/scenario"
)

// shows answers a dashboard's queries, and returns its panels by title.
func shows(t *testing.T, uid string) map[string]panel {
	t.Helper()
	found, err := dashboards.Read()
	if err != nil {
		t.Fatal(err)
	}
	lived, err := scenario.Live(t.Context(), "native")
	if err != nil {
		t.Fatal(err)
	}
	defer lived.Close()
	panels, err := answer(t.Context(), lived, found[uid])
	if err != nil {
		t.Fatal(err)
	}
	byTitle := map[string]panel{}
	for _, p := range panels {
		if p.Type != "row" && p.Series == nil && p.Value == nil && p.Table == nil && p.Lines == nil && p.Query == "" {
			t.Errorf("%s: nothing to draw in %q", uid, p.Title)
		}
		byTitle[p.Title] = p
	}
	return byTitle
}

func TestRuntimeSecurity(t *testing.T) {
	panels := shows(t, "runtime-security")
	events := panels["Latest events"].Table
	if want := []string{"Time", "Priority", "Rule", "Namespace", "Pod", "Node", "User", "Process", "Command",
		"Image"}; !slices.Equal(events.Columns, want) {
		t.Errorf("the latest events have the columns %v, want %v", events.Columns, want)
	}
	// Six at half past, eleven others; the third is the one that Alertmanager did not get.
	if len(events.Rows) != 17 || events.Rows[2]["Process"] != "kworkerd" || events.Rows[3]["Command"] != "vcluster start" {
		t.Errorf("%d events, the third is %v, the fourth %v", len(events.Rows), events.Rows[2], events.Rows[3])
	}
	if top := panels["Top rules"].Table.Rows[0]; top["Rule"] != "Drop and execute new binary in container" ||
		top["Events"] != 7.0 {
		t.Errorf("the top rule is %v", top)
	}
}

func TestVirtualClusters(t *testing.T) {
	rows := shows(t, "virtual-clusters")["Where, which image, approved or not, first and last seen"].Table.Rows
	got := []string{}
	for _, row := range rows {
		got = append(got, fmt.Sprintf("%v %v", row["Namespace"], row["Approved"]))
	}
	if want := []string{"team-a 1", "vcluster 0"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMergeKeepsWhatDiffersApart(t *testing.T) {
	got := merge([]table{
		{Columns: []string{"pod", "Value #A"}, Rows: []map[string]any{{"pod": "a", "Value #A": 1.0},
			{"pod": "b", "Value #A": 2.0}}},
		{Columns: []string{"pod", "Value #B"}, Rows: []map[string]any{{"pod": "b", "Value #B": 3.0},
			{"pod": "c", "Value #B": 4.0}}},
	})
	want := table{Columns: []string{"pod", "Value #A", "Value #B"}, Rows: []map[string]any{
		{"pod": "a", "Value #A": 1.0}, {"pod": "b", "Value #A": 2.0, "Value #B": 3.0}, {"pod": "c", "Value #B": 4.0},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
