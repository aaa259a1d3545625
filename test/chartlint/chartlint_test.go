package chartlint

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"doks-security/charts/chartfile"
	"doks-security/charts/pods"
	"doks-security/stack"
	"doks-security/test/fakecharts"
	"doks-security/test/program"
	"doks-security/values"
)

// published renders the real charts; without them a test is skipped.
func published(t *testing.T) (*fakecharts.Archives, *Renderer) {
	t.Helper()
	archives, err := fakecharts.OpenIn("../..")
	if errors.Is(err, fakecharts.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Log(strings.Join(archives.Notes, "\n"))
	return archives, NewRenderer(archives.Load)
}

// each calls f for every case, the project's own stack files with addons among them, and version of Kubernetes. dir has
// the archives of the published charts; empty: stand-ins.
func each(t *testing.T, r *Renderer, dir string, f func(t *testing.T, s *Set)) {
	t.Helper()
	own, err := program.WithAddons("../..")
	if err != nil {
		t.Fatal(err)
	}
	for i := range own {
		own[i].Charts = dir
	}
	for _, c := range append(program.Cases(), own...) {
		installation, err := program.Run("../..", c)
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range Versions() {
			t.Run(fmt.Sprintf("%s, Kubernetes %s", c.Name, version), func(t *testing.T) {
				set, err := r.Render(installation, version)
				if err != nil {
					t.Fatal(err)
				}
				f(t, set)
			})
		}
	}
}

func fail(t *testing.T, errs []error) {
	t.Helper()
	for _, problem := range errs {
		t.Error(problem)
	}
}

func TestPublishedCharts(t *testing.T) {
	archives, r := published(t)
	used := map[string]map[string]bool{}
	needed := map[string]bool{} // what is complained of when nothing is reviewed
	each(t, r, archives.Dir, func(t *testing.T, s *Set) {
		for _, problem := range slices.Concat(HostAccess(s.Objects, nil), SecretReaders(s.Objects, nil),
			Services(s.Objects, nil)) {
			needed[problem.Error()] = true
		}
		t.Run("keys", func(t *testing.T) {
			for _, release := range s.Releases {
				c, err := archives.Load(release.Chart)
				if err != nil {
					t.Fatal(err)
				}
				name := release.Chart.Name
				if used[name] == nil {
					used[name] = map[string]bool{}
				}
				fail(t, Keys(c, release.Values, used[name]))
			}
		})
		t.Run("PodSecurity", func(t *testing.T) { fail(t, PodSecurity(s.Objects)) })
		t.Run("host", func(t *testing.T) { fail(t, HostAccess(s.Own(), Hosts)) })
		t.Run("secrets", func(t *testing.T) { fail(t, SecretReaders(s.Own(), SecretAccounts)) })
		t.Run("schemas", func(t *testing.T) { fail(t, Schemas(s.Objects)) })
		t.Run("references", func(t *testing.T) { fail(t, References(s.Objects)) })
		t.Run("bindings", func(t *testing.T) { fail(t, Bindings(s.Objects)) })
		t.Run("services", func(t *testing.T) { fail(t, Services(s.Objects, UndeclaredPorts)) })
		t.Run("addresses", func(t *testing.T) { fail(t, Addresses(s.Objects)) })
		t.Run("monitors", func(t *testing.T) { fail(t, Monitors(s.Objects)) })
		t.Run("jobs", func(t *testing.T) { fail(t, Jobs(s.Objects)) })
		t.Run("rules", func(t *testing.T) { fail(t, Rules(s.Own())) })
		t.Run("panels", func(t *testing.T) { fail(t, Panels(s.Own())) })
		t.Run("overcommit", func(t *testing.T) { fail(t, Overcommit(s.Settings, s.Objects)) })
		t.Run("dashboards", func(t *testing.T) { fail(t, Dashboards(s.Objects)) })
		t.Run("falco", func(t *testing.T) {
			if !s.Settings.RuntimeSecurity.Enabled {
				t.Skip("without Falco")
			}
			wanted, err := s.Settings.Rules()
			if err != nil {
				t.Fatal(err)
			}
			fail(t, Falco(s.Objects, s.Settings.Namespaces.ByRole()[values.NamespaceFalco], wanted))
		})
		t.Run("capacity", func(t *testing.T) {
			demand, err := pods.Measure(s.Objects)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %s", strings.TrimPrefix(t.Name(), "TestPublishedCharts/"), demand)
			fail(t, append(Rendered(s.Settings, demand), Capacity(s.Settings, demand)...))
		})
		t.Run("images", func(t *testing.T) { fail(t, Images(s.Objects)) })
	})
	checkNeeded(t, needed)
	for name, reviewed := range chartfile.ReviewedKeys {
		for key := range reviewed {
			if !used[name][key] {
				t.Errorf("%s: %s is reviewed, and no longer needs to be", name, key)
			}
		}
	}
}

// checkNeeded finds entries of the reviewed lists that nothing needs any more: they would let it come back unseen.
func checkNeeded(t *testing.T, errs map[string]bool) {
	t.Helper()
	var entries []string
	for _, h := range Hosts {
		for _, access := range h.Has {
			entries = append(entries, h.Object+" has "+access+",")
		}
	}
	for account := range SecretAccounts {
		entries = append(entries, "ServiceAccount "+account+" reads")
	}
	for port := range UndeclaredPorts {
		object, name, _ := strings.Cut(port, ": ")
		entries = append(entries, object+": no container of its pods has the port "+name)
	}
	for _, entry := range entries {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(errs)),
			func(problem string) bool { return strings.Contains(problem, entry) }) {
			t.Errorf("reviewed, and no longer needed: %s", entry)
		}
	}
}

// The default of dev is as small as it is because this holds.
func TestDevLeavesATenthOfTheMemory(t *testing.T) {
	_, r := published(t)
	installation, err := program.Run("../..", program.Fixture("dev", nil))
	if err != nil {
		t.Fatal(err)
	}
	set, err := r.Render(installation, Versions()[1])
	if err != nil {
		t.Fatal(err)
	}
	demand, err := pods.Measure(set.Objects)
	if err != nil {
		t.Fatal(err)
	}
	nodes, room := stack.Room(set.Settings)
	size, _ := stack.Allocatable(set.Settings.Cluster.Pools[0].Size)
	free := room.MiB - nodes*demand.PerNode.MiB - demand.Shared.MiB
	if percent := 100 * free / (nodes * size.MiB); nodes != 2 || percent < 10 {
		t.Errorf("%d nodes, %d MiB (%d %%) free; want 2 nodes and 10 %%", nodes, free, percent)
	}
}

// A stand-in that a restricted namespace refuses, or no node has room for, would leave the rehearsal waiting for its
// pods.
func TestStandInsAreScheduled(t *testing.T) {
	each(t, NewRenderer(fakecharts.New), "", func(t *testing.T, s *Set) {
		fail(t, PodSecurity(s.Objects))
		demand, err := pods.Measure(s.Objects)
		if err != nil {
			t.Fatal(err)
		}
		fail(t, append(Rendered(s.Settings, demand), Capacity(s.Settings, demand)...))
	})
}
