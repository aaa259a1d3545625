package digitalocean

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Fault makes requests fail. Of several that match a request the oldest acts.
type Fault struct {
	ID string `json:"id,omitempty"` // set by AddFault

	Method string `json:"method,omitempty"` // of the requests it is about; empty: all
	Prefix string `json:"prefix,omitempty"` // of their path; requests to Spaces have /spaces/BUCKET/KEY
	After  int    `json:"after,omitempty"`  // so many of them are answered correctly first
	Times  int    `json:"times,omitempty"`  // then so many fail; 0: until the fault ends

	// Status refuses them, with DigitalOcean's id and message for it.
	Status int `json:"status,omitempty"`
	// Message replaces DigitalOcean's, or sets that of State.
	Message    string  `json:"message,omitempty"`
	RetryAfter int     `json:"retryAfter,omitempty"` // seconds, in the header of that name
	Delay      float64 `json:"delay,omitempty"`      // seconds until the request is carried out or refused
	Reset      bool    `json:"reset,omitempty"`      // resets the connection; nothing is carried out
	DropAnswer bool    `json:"dropAnswer,omitempty"` // carries the request out and closes the connection without an answer
	// State shows clusters in this state, whatever their real one: provisioning, degraded, error, upgrading. Without a
	// Message the cluster's own stays.
	State string `json:"state,omitempty"`
	// Lag makes what the request creates visible later: so many GETs of it answer 404.
	Lag int `json:"lag,omitempty"`
}

// validate finds a fault that does nothing.
func (f Fault) validate() error {
	states := []string{"", "running", "provisioning", "degraded", "error", "deleted", "upgrading", "deleting"}
	switch {
	case f.Status == 0 && f.Delay == 0 && !f.Reset && !f.DropAnswer && f.State == "" && f.Lag == 0:
		return errors.New("a fault needs status, delay, reset, dropAnswer, state or lag")
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("status: %d; allowed: 400 to 599", f.Status)
	case !slices.Contains(states, f.State):
		return fmt.Errorf("state: %q; allowed: %s", f.State, strings.Join(states[1:], ", "))
	case f.After < 0 || f.Times < 0 || f.Lag < 0 || f.Delay < 0 || f.RetryAfter < 0:
		return errors.New("after, times, lag, delay and retryAfter are not negative")
	}
	return nil
}

// active is a fault that is on, with what is left of its counts.
type active struct {
	Fault
	after, times int
}

// AddFault switches a fault on and returns its id.
func (s *Simulator) AddFault(f Fault) (string, error) {
	if err := f.validate(); err != nil {
		return "", err
	}
	f.ID = uuid.NewString()
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	s.guard.faults = append(s.guard.faults, &active{f, f.After, f.Times})
	return f.ID, nil
}

// Fail answers the next requests of that method and path prefix with status.
func (s *Simulator) Fail(method, prefix string, status, times int) {
	if _, err := s.AddFault(Fault{Method: method, Prefix: prefix, Status: status, Times: times}); err != nil {
		panic(err) // a mistake of the test
	}
}

// Mend ends all faults.
func (s *Simulator) Mend() {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	s.guard.faults = nil
}

// EndFault ends one fault and reports whether it was on.
func (s *Simulator) EndFault(id string) bool {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	before := len(s.guard.faults)
	s.guard.faults = slices.DeleteFunc(s.guard.faults, func(f *active) bool { return f.ID == id })
	return len(s.guard.faults) < before
}

// Faults lists those that are on, oldest first. One whose Times are used up is not.
func (s *Simulator) Faults() []Fault {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	list := []Fault{}
	for _, f := range s.guard.faults {
		list = append(list, f.Fault)
	}
	return list
}

// take finds the fault of a request and counts it.
func (g *guard) take(method, path string) *Fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, f := range g.faults {
		if f.Method != "" && f.Method != method || !strings.HasPrefix(path, f.Prefix) {
			continue
		}
		if f.after > 0 {
			f.after--
			continue
		}
		if f.times == 1 {
			g.faults = slices.Delete(g.faults, i, i+1)
		}
		f.times--
		return &f.Fault
	}
	return nil
}

// refusal answers with an error; an empty message is the API's own for the status.
type refusal func(w http.ResponseWriter, status int, message string)

// disturb carries out faults in front of an API.
func (s *Simulator) disturb(next http.Handler, path func(*http.Request) string, refuse refusal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := s.guard.take(r.Method, path(r))
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		select {
		case <-time.After(time.Duration(f.Delay * float64(time.Second))):
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		if f.Status == http.StatusTooManyRequests {
			w.Header().Set("RateLimit-Remaining", "0")
		}
		switch {
		case f.Reset:
			hangUp(w, true)
			return
		case f.Status != 0:
			refuse(w, f.Status, f.Message)
			return
		}
		answer := &buffer{header: w.Header(), status: http.StatusOK}
		next.ServeHTTP(answer, r)
		if f.DropAnswer {
			hangUp(w, false)
			return
		}
		if f.Lag > 0 {
			s.hide(r.URL.Path, answer, f.Lag)
		}
		if f.State != "" {
			answer.showState(f.State, f.Message)
		}
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.Bytes()) // the client went away
	})
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err) // HTTP/1 connections can be taken over
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// hide answers the next GETs of what was created with 404.
func (s *Simulator) hide(path string, created *buffer, times int) {
	var body map[string]struct {
		ID        string `json:"id"`
		AccessKey string `json:"access_key"` // the id of a Spaces key
	}
	if created.status != http.StatusCreated || json.Unmarshal(created.Bytes(), &body) != nil {
		return
	}
	for _, object := range body {
		s.Fail(http.MethodGet, strings.TrimSuffix(path, "/")+"/"+object.ID+object.AccessKey, http.StatusNotFound, times)
	}
}

// buffer holds an answer back.
type buffer struct {
	bytes.Buffer
	header http.Header
	status int
}

func (b *buffer) Header() http.Header    { return b.header }
func (b *buffer) WriteHeader(status int) { b.status = status }

// showState replaces the state of all clusters in an answer.
func (b *buffer) showState(state, message string) {
	var body map[string]any
	if json.Unmarshal(b.Bytes(), &body) != nil {
		return
	}
	clusters, _ := body["kubernetes_clusters"].([]any)
	for _, c := range append(clusters, body["kubernetes_cluster"]) {
		cluster, _ := c.(map[string]any)
		status, _ := cluster["status"].(map[string]any)
		if status == nil {
			continue
		}
		status["state"] = state
		if message != "" {
			status["message"] = message
		}
	}
	changed, err := json.Marshal(body)
	if err != nil {
		return
	}
	b.Reset()
	b.Write(changed)
}
