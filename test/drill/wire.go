package drill

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"sync"
	"time"
)

// Fault is what happens to requests on their way to DigitalOcean's API or object storage.
type Fault struct {
	// Match finds the requests, by a regular expression over "<method> <path>".
	Match string
	// Status is answered instead of carrying the request out; 0 resets the connection.
	Status int
	// Lost carries the request out, and resets the connection instead of answering.
	Lost bool
	// Times limits how many requests are concerned; 0: all until Heal.
	Times int
}

// wire is between the providers and what they talk to. It is rehearse.Options.Through.
type wire struct {
	mu      sync.Mutex
	faults  []*Fault
	servers []*http.Server
	gates   []*gate
}

// through returns a URL by which server is reached over the wire.
func (w *wire) through(server string) (string, error) {
	target, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if target.Scheme == "https" { // an API server of Kubernetes, which knows its clients by their certificates
		g, err := openGate(target.Host)
		if err != nil {
			return "", err
		}
		w.gates = append(w.gates, g)
		return "https://" + g.address, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listening: %w", err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // names the bucket
	}}
	s := &http.Server{Handler: w.handler(proxy), ReadHeaderTimeout: 10 * time.Second}
	w.servers = append(w.servers, s)
	go func() { _ = s.Serve(listener) }() // ends with close
	return "http://" + listener.Addr().String(), nil
}

func (w *wire) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		f := w.fault(r)
		switch {
		case f == nil:
			next.ServeHTTP(out, r)
		case f.Status != 0:
			out.Header().Set("Content-Type", "application/json")
			out.WriteHeader(f.Status)
			fmt.Fprint(out, answers[f.Status]) // fails when the client went away
		case f.Lost:
			next.ServeHTTP(nothing{http.Header{}}, r)
			reset(out)
		default:
			reset(out)
		}
	})
}

// reset ends a request's connection without a word.
func reset(out http.ResponseWriter) {
	connection, _, err := http.NewResponseController(out).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // ends it, too
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// answers are the bodies of DigitalOcean's errors, from its API reference.
var answers = map[int]string{
	http.StatusUnauthorized:        `{"id":"unauthorized","message":"Unable to authenticate you"}`,
	http.StatusForbidden:           `{"id":"forbidden","message":"You are not authorized to perform this operation"}`,
	http.StatusTooManyRequests:     `{"id":"too_many_requests","message":"API rate limit exceeded."}`,
	http.StatusInternalServerError: `{"id":"server_error","message":"Unexpected server-side error"}`,
	http.StatusServiceUnavailable:  `{"id":"service_unavailable","message":"The service is temporarily unavailable"}`,
}

// nothing takes an answer that gets lost.
type nothing struct{ header http.Header }

func (n nothing) Header() http.Header         { return n.header }
func (n nothing) Write(b []byte) (int, error) { return len(b), nil }
func (n nothing) WriteHeader(int)             {}

func (w *wire) fault(r *http.Request) *Fault {
	request := r.Method + " " + r.URL.Path
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, f := range w.faults {
		if !regexp.MustCompile(f.Match).MatchString(request) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				w.faults = append(w.faults[:i:i], w.faults[i+1:]...)
			}
		}
		copied := *f
		return &copied
	}
	return nil
}

func (w *wire) add(f Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, &f)
}

// heal ends all faults.
func (w *wire) heal() error {
	w.mu.Lock()
	w.faults = nil
	gates := w.gates
	w.mu.Unlock()
	var err error
	for _, g := range gates {
		err = errors.Join(err, g.open())
	}
	return err
}

// kubernetes changes every connection to a Kubernetes API server.
func (w *wire) kubernetes(change func(*gate)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range w.gates {
		change(g)
	}
}

func (w *wire) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var err error
	for _, s := range w.servers {
		err = errors.Join(err, s.Close())
	}
	for _, g := range w.gates {
		g.shut()
	}
	return err
}
