package digitalocean

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/digitalocean/godo"
)

func TestFaults(t *testing.T) {
	outcome := func(err error) int {
		switch {
		case err == nil:
			return http.StatusOK
		case status(err) == 0:
			return -1 // no answer
		}
		return status(err)
	}
	for _, c := range []struct {
		name  string
		fault Fault
		want  []int // of creating VPCs one after another
		made  int
	}{
		{"none of its method", Fault{Method: http.MethodGet, Prefix: "/v2/vpcs", Status: 500}, []int{200, 200}, 2},
		{"none of its path", Fault{Prefix: "/v2/projects", Status: 500}, []int{200, 200}, 2},
		{"once", Fault{Method: http.MethodPost, Prefix: "/v2/vpcs", Status: 503, Times: 1}, []int{503, 200}, 1},
		{"twice", Fault{Prefix: "/v2/vpcs", Status: 403, Times: 2}, []int{403, 403, 200}, 1},
		{"until it ends", Fault{Status: 500}, []int{500, 500, 500}, 0},
		{"after a while", Fault{Prefix: "/v2/vpcs", Status: 500, After: 2, Times: 1}, []int{200, 200, 500, 200}, 3},
		{"connection reset", Fault{Prefix: "/v2/vpcs", Reset: true, Times: 1}, []int{-1, 200}, 1},
		{"answer lost", Fault{Prefix: "/v2/vpcs", DropAnswer: true, Times: 1}, []int{-1, 200}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, api := openWith(t, &fake{}, Options{DefaultVPCs: map[string]string{"fra1": "10.114.0.0/20"}})
			if _, err := s.AddFault(c.fault); err != nil {
				t.Fatal(err)
			}
			var got []int
			for i := range c.want {
				_, _, err := api.VPCs.Create(t.Context(), vpc("net-"+string(rune('a'+i)), "fra1", ""))
				got = append(got, outcome(err))
			}
			s.Mend()
			if !slices.Equal(got, c.want) {
				t.Errorf("answers %v, want %v", got, c.want)
			}
			if made := len(s.Leftovers()); made != c.made {
				t.Errorf("%d VPCs were made, want %d", made, c.made)
			}
		})
	}
}

func TestErrorMessages(t *testing.T) {
	s, c := open(t, &fake{})
	for _, f := range []struct {
		fault Fault
		want  string
	}{
		{Fault{Status: http.StatusUnauthorized}, "Unable to authenticate you"},
		{Fault{Status: http.StatusForbidden}, "You are not authorized to perform this operation"},
		{Fault{Status: http.StatusInternalServerError}, "Unexpected server-side error"},
		{Fault{Status: http.StatusUnprocessableEntity, Message: "of its own"}, "of its own"},
	} {
		f.fault.Times = 1
		if _, err := s.AddFault(f.fault); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Account.Get(t.Context()); status(err) != f.fault.Status || message(err) != f.want {
			t.Errorf("err = %v, want %d %s", err, f.fault.Status, f.want)
		}
	}
}

func TestDelay(t *testing.T) {
	s, c := open(t, &fake{})
	if _, err := s.AddFault(Fault{Delay: 0.1, Times: 1}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, _, err := c.Account.Get(t.Context()); err != nil || time.Since(start) < 100*time.Millisecond {
		t.Errorf("answered after %s, %v; want it later", time.Since(start), err)
	}
}

// What a cluster's state looks like from outside, poll after poll.
func TestClusterStates(t *testing.T) {
	const clusters = "/v2/kubernetes/clusters"
	for _, c := range []struct {
		name   string
		faults []Fault
		want   []string
	}{
		{"provisioning for three polls", []Fault{{Method: "GET", Prefix: clusters, State: "provisioning", Times: 3}},
			[]string{"provisioning", "provisioning", "provisioning", "running", "running"}},
		{"provisioning without an end", []Fault{{Method: "GET", Prefix: clusters, State: "provisioning"}},
			[]string{"provisioning", "provisioning", "provisioning", "provisioning"}},
		{"an error after two polls", []Fault{{Method: "GET", Prefix: clusters, State: "error", Message: "no capacity",
			After: 2}},
			[]string{"running", "running", "error: no capacity", "error: no capacity"}},
		{"degraded for a while", []Fault{{Method: "GET", Prefix: clusters, State: "degraded", After: 1, Times: 2}},
			[]string{"running", "degraded", "degraded", "running"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			s, api := open(t, f)
			cluster := running(t, f, api)
			for _, fault := range c.faults {
				if _, err := s.AddFault(fault); err != nil {
					t.Fatal(err)
				}
			}
			for i, want := range c.want {
				status := &godo.KubernetesClusterStatus{}
				if i%2 == 0 {
					got, _, err := api.Kubernetes.Get(t.Context(), cluster.ID)
					if err != nil {
						t.Fatal(err)
					}
					status = got.Status
				} else { // lists agree
					got, _, err := api.Kubernetes.List(t.Context(), nil)
					if err != nil {
						t.Fatal(err)
					}
					status = got[0].Status
				}
				got := string(status.State)
				if status.Message != "" {
					got += ": " + status.Message
				}
				if got != want {
					t.Errorf("poll %d: %s, want %s", i+1, got, want)
				}
			}
			s.Mend()
			if got, _, err := api.Kubernetes.Get(t.Context(), cluster.ID); err != nil || got.Status.State != "running" {
				t.Errorf("the cluster is %+v, %v once the fault ends", got, err)
			}
		})
	}
}

// A new object can answer 404 for a while.
func TestEventualConsistency(t *testing.T) {
	s, c := open(t, &fake{})
	if _, err := s.AddFault(Fault{Method: http.MethodPost, Prefix: "/v2/vpcs", Lag: 2, Times: 1}); err != nil {
		t.Fatal(err)
	}
	vpc := newVPC(t, c)
	for _, want := range []int{http.StatusNotFound, http.StatusNotFound, 0} {
		if _, _, err := c.VPCs.Get(t.Context(), vpc.ID); status(err) != want {
			t.Errorf("err = %v, want %d", err, want)
		}
	}
	if on := s.Faults(); len(on) != 0 {
		t.Errorf("still on: %+v", on)
	}
}

// godo repeats a request whose answer was lost, as the published provider does: its second try finds the name taken.
func TestLostAnswerIsRetried(t *testing.T) {
	s, _ := open(t, &fake{})
	if _, err := s.AddFault(Fault{Method: http.MethodPost, Prefix: "/v2/vpcs", DropAnswer: true, Times: 1}); err != nil {
		t.Fatal(err)
	}
	retrying := godo.NewFromToken("secret")
	if err := godo.SetBaseURL(s.URL())(retrying); err != nil {
		t.Fatal(err)
	}
	_, _, err := retrying.VPCs.Create(t.Context(), vpc("net", "fra1", ""))
	expect(t, err, "a VPC with the same name already exists in your account")
}
