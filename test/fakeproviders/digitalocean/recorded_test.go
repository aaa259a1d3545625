package digitalocean

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	simulator "doks-security/test/digitalocean"
	"doks-security/test/fakeproviders"
	"doks-security/test/fakeproviders/recorded"
)

// The stand-in answers as the published plugin did; testdata says how both were asked.
func TestRecordedAnswers(t *testing.T) {
	recorded.Test(t, "testdata", New(fakeproviders.Published["digitalocean"]), openAccount)
}

// account is a simulated one, whose clusters are a name only, behind a proxy that fails as a case wants it.
type account struct {
	simulator  *simulator.Simulator
	kubernetes *names
	api        *httptest.Server

	mu      sync.Mutex
	faults  []*fault
	calls   []string
	omitted string // a property that clusters lack in answers
}

// fault answers requests instead of the account, or loses the account's answer.
type fault struct {
	method, path, suffix string
	status, times        int // status 0: the answer is lost
}

func openAccount(t *testing.T) recorded.World {
	a := &account{kubernetes: &names{}}
	var err error
	if a.simulator, err = simulator.Start(t.Context(),
		simulator.Options{Token: "token", Kubernetes: a.kubernetes,
			DefaultVPCs: map[string]string{"fra1": "10.114.0.0/20"}}); err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(a.simulator.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = a.omit
	a.api = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.serve(proxy, w, r) }))
	return a
}

func (a *account) serve(account http.Handler, w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	if r.Method != http.MethodGet && r.Header.Get("By") != "hand" {
		a.calls = append(a.calls, r.Method+" "+r.URL.Path)
	}
	var hit *fault
	for _, f := range a.faults {
		if f.times > 0 && f.method == r.Method && strings.HasPrefix(r.URL.Path, f.path) &&
			strings.HasSuffix(r.URL.Path, f.suffix) && r.Header.Get("By") != "hand" {
			f.times--
			hit = f
			break
		}
	}
	a.mu.Unlock()
	switch {
	case hit == nil:
		account.ServeHTTP(w, r)
	case hit.status == 0:
		account.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler) // the connection breaks
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(hit.status)
		fmt.Fprintf(w, `{"id":"fault","message":"a fault of the test"}`)
	}
}

// omit takes a property out of an answer.
func (a *account) omit(response *http.Response) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var answer map[string]any
	content, err := io.ReadAll(response.Body)
	if err == nil && a.omitted != "" && json.Unmarshal(content, &answer) == nil {
		if c, ok := answer["kubernetes_cluster"].(map[string]any); ok {
			delete(c, a.omitted)
			content, err = json.Marshal(answer)
			response.Header.Set("Content-Length", strconv.Itoa(len(content)))
		}
	}
	response.Body = io.NopCloser(bytes.NewReader(content))
	return err
}

func (a *account) Config(published bool) map[string]any {
	spaces := a.simulator.SpacesURL()
	if published {
		spaces = "http://" + simulator.SpacesHost
	}
	return map[string]any{
		"token": "token", "apiEndpoint": a.api.URL, "spacesEndpoint": spaces, "spacesAccessId": "key",
		"spacesSecretKey":  "secret",
		"httpRetryWaitMin": 0.01, "httpRetryWaitMax": 0.02,
	}
}

// Env makes the account's object storage a proxy: the published plugin puts a bucket's name into the host.
func (a *account) Env() []string {
	return []string{"HTTP_PROXY=" + a.simulator.SpacesURL(), "http_proxy=" + a.simulator.SpacesURL(), "NO_PROXY=127.0.0.1",
		"no_proxy=127.0.0.1"}
}

func (a *account) Calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := a.calls
	a.calls = nil
	return calls
}

func (a *account) Mask(text string) string {
	return spacesKey.ReplaceAllString(strings.ReplaceAll(text, a.api.URL, "{world}"), "{key}")
}

// spacesKey is an access key or its secret.
var spacesKey = regexp.MustCompile(`\bDO00[A-Z2-7]{16}\b|\b[A-Z2-7]{43}\b`)

func (a *account) Close() error {
	a.api.Close()
	return a.simulator.Close()
}

func (a *account) Do(ctx context.Context, what string, arg any) (map[string]string, error) {
	m, _ := arg.(map[string]any)
	text := func(key string) string { v, _ := m[key].(string); return v }
	number := func(key string, otherwise int) int {
		if v, ok := m[key].(int); ok {
			return v
		}
		return otherwise
	}
	switch what {
	case "api": // by hand
		return a.call(ctx, text("method"), text("path"), m["body"], m["save"])
	case "fail":
		a.add(&fault{method: text("method"), path: text("path"), suffix: text("suffix"),
			status: number("status", http.StatusInternalServerError), times: number("times", 1_000_000)})
		return nil, nil
	case "lose the answer":
		a.add(&fault{method: text("method"), path: text("path"), times: number("times", 1)})
		return nil, nil
	case "mend":
		a.mu.Lock()
		defer a.mu.Unlock()
		a.faults = nil
		return nil, nil
	case "omit":
		a.mu.Lock()
		defer a.mu.Unlock()
		a.omitted = fmt.Sprint(arg)
		return nil, nil
	case "s3": // by hand
		request, err := http.NewRequestWithContext(ctx, text("method"), a.simulator.SpacesURL()+text("path"), nil)
		if err != nil {
			return nil, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		return nil, response.Body.Close()
	case "domain":
		a.simulator.AddDomain(fmt.Sprint(arg))
		return nil, nil
	case "wait":
		for state := "provisioning"; state == "provisioning"; {
			values, err := a.call(ctx, http.MethodGet, "/v2/kubernetes/clusters", nil,
				map[string]any{"state": "kubernetes_clusters.0.status.state"})
			if err != nil {
				return nil, err
			}
			state = values["state"]
		}
		return nil, nil
	case "clusters fail":
		a.kubernetes.broken.Store(true)
		return nil, nil
	}
	return nil, fmt.Errorf("an account knows no %q", what)
}

func (a *account) add(f *fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = append(a.faults, f)
}

// call asks the account itself; save names values of the answer by their path: {vpc: vpc.id}.
func (a *account) call(ctx context.Context, method, path string, body, save any) (map[string]string, error) {
	content, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, a.api.URL+path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer token")
	request.Header.Set("By", "hand")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	content, err = io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, content)
	}
	values := map[string]string{}
	names, _ := save.(map[string]any)
	for name, at := range names {
		var value any
		if err := json.Unmarshal(content, &value); err != nil {
			return nil, err
		}
		for _, key := range strings.Split(fmt.Sprint(at), ".") {
			switch v := value.(type) {
			case map[string]any:
				value = v[key]
			case []any:
				value = v[0]
			}
		}
		values[name] = strings.TrimSuffix(fmt.Sprintf("%v", value), ".0")
		if f, ok := value.(float64); ok {
			values[name] = fmt.Sprintf("%.0f", f)
		}
	}
	return values, nil
}

// names are clusters without a control plane.
type names struct {
	broken atomic.Bool
}

func (n *names) Create(context.Context, string) (string, []byte, error) {
	if n.broken.Load() {
		return "", nil, errors.New("no capacity")
	}
	return "https://cluster.invalid", []byte("ca"), nil
}

func (*names) SetNodes(context.Context, string, []simulator.Node) error { return nil }

func (*names) Token(_ context.Context, _ string, ttl time.Duration) (string, time.Time, error) {
	return "a token", time.Now().Add(ttl).UTC(), nil
}
func (*names) Volumes(context.Context, string) ([]simulator.Volume, error) { return nil, nil }
func (*names) LoadBalancers(context.Context, string) ([]simulator.LoadBalancer, error) {
	return nil, nil
}
func (*names) Delete(context.Context, string) error { return nil }
