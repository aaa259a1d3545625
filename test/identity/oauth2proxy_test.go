package identity

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"

	"doks-security/components"
	"doks-security/values"
)

const hostname = "falco.example.org"

// ui stands for falcosidekick-ui, and keeps what reaches it.
type ui struct {
	mu       sync.Mutex
	requests []*http.Request
}

func (u *ui) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.requests = append(u.requests, r)
	fmt.Fprint(w, "the UI")
}

func (u *ui) last() *http.Request {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.requests) == 0 {
		return nil
	}
	return u.requests[len(u.requests)-1]
}

// login is a running oauth2-proxy.
type login struct {
	address  string
	provider *mockoidc.MockOIDC
	ui       *ui
}

// start runs oauth2-proxy with the flags of values/oauth2-proxy/values.yaml and those the program adds.
func start(t *testing.T, identity components.IdentitySettings) *login {
	t.Helper()
	provider, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = provider.Shutdown() })
	l := &login{provider: provider, ui: &ui{}}
	upstream := httptest.NewServer(l.ui)
	t.Cleanup(upstream.Close)

	loaded, err := values.Load("oauth2-proxy", "prod", values.DefaultNamespaces())
	if err != nil {
		t.Fatal(err)
	}
	identity.Issuer = provider.Issuer()
	flags := values.Merge(loaded["extraArgs"].(map[string]any), components.OAuth2ProxyFlags(hostname, identity))
	flags["upstream"] = upstream.URL
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.address = listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	args := []string{"--http-address=" + l.address}
	for name, value := range flags {
		args = append(args, fmt.Sprintf("--%s=%v", name, value))
	}
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	command := exec.CommandContext(ctx, binary, args...)
	command.Env = []string{
		"OAUTH2_PROXY_CLIENT_ID=" + provider.ClientID, "OAUTH2_PROXY_CLIENT_SECRET=" + provider.ClientSecret,
		"OAUTH2_PROXY_COOKIE_SECRET=" + strings.Repeat("k", 32),
	}
	output := &strings.Builder{}
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = command.Wait() // killed
		if t.Failed() {
			t.Log(output)
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		response, err := http.Get("http://" + l.address + "/ready")
		if err == nil {
			_ = response.Body.Close()
			return l
		}
		if time.Now().After(deadline) {
			t.Fatalf("oauth2-proxy does not start: %v", err)
		}
	}
}

// build builds the pinned oauth2-proxy, once.
var build = sync.OnceValues(func() (string, error) {
	file := filepath.Join(binaries, "oauth2-proxy")
	output, err := exec.Command("go", "-C", "../../tools/oauth2-proxy", "build", "-o", file,
		"github.com/oauth2-proxy/oauth2-proxy/v7").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building oauth2-proxy: %w: %s", err, output)
	}
	return file, nil
})

// visitor is a browser at the other end of the Gateway: it keeps cookies, and follows no redirect by itself.
type visitor struct {
	t       *testing.T
	login   *login
	cookies map[string]*http.Cookie
}

func (v *visitor) ask(method, path string, header http.Header) answer {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, "http://"+v.login.address+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	request.Host = hostname
	request.Header.Set("X-Forwarded-Proto", "https")
	request.Header.Set("Accept", "text/html")
	for key := range header {
		request.Header.Set(key, header.Get(key))
	}
	for _, cookie := range v.cookies {
		request.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	response := v.do(request)
	for _, cookie := range response.cookies {
		v.cookies[cookie.Name] = cookie
		if cookie.MaxAge < 0 || cookie.Value == "" {
			delete(v.cookies, cookie.Name)
		}
	}
	return response
}

func (v *visitor) do(request *http.Request) answer {
	v.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	_ = response.Body.Close()
	return answer{response.StatusCode, response.Header.Get("Location"), response.Cookies()}
}

// answer is what of a response matters here.
type answer struct {
	status   int
	location string
	cookies  []*http.Cookie
}

// logIn goes to the identity provider as user, and comes back.
func (v *visitor) logIn(user *mockoidc.MockUser) answer { return v.logInAt("/", nil, user) }

// logInAt does it from a page.
func (v *visitor) logInAt(path string, header http.Header, user *mockoidc.MockUser) answer {
	v.t.Helper()
	v.login.provider.QueueUser(user)
	there := v.ask("GET", path, header)
	location := there.location
	if there.status != http.StatusFound || !strings.HasPrefix(location, v.login.provider.AuthorizationEndpoint()) {
		v.t.Fatalf("%d to %q, want one to the identity provider", there.status, location)
	}
	if !strings.Contains(location, "code_challenge_method=S256") {
		v.t.Errorf("no PKCE in %s", location)
	}
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, location, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	back := v.do(request).location
	callback, ok := strings.CutPrefix(back, "https://"+hostname)
	if !ok {
		v.t.Fatalf("the identity provider leads to %q", back)
	}
	return v.ask("GET", callback, nil)
}

func operators() components.IdentitySettings {
	return components.IdentitySettings{
		Scopes: []string{"openid", "email", "profile", "groups"}, GroupsClaim: "groups",
		EmailDomains: []string{"example.org"}, Groups: []string{"operators", "security"},
	}
}

func user(email string, groups ...string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: email, Email: email, EmailVerified: true, Groups: groups}
}

func TestLoginIsRequired(t *testing.T) {
	l := start(t, operators())
	for _, x := range []struct {
		method, path string
		header       http.Header
	}{
		{"GET", "/", nil},
		{"GET", "/api/v1/events/search", nil},
		{"POST", "/api/v1/events/add", nil},
		{"POST", "/", nil},
		{"OPTIONS", "/", nil},
		{"GET", "/", http.Header{"Authorization": {"Basic YWRtaW46YWRtaW4="}}},
		{"GET", "/", http.Header{"Authorization": {"Bearer a.b.c"}}},
		{"GET", "/", http.Header{"X-Forwarded-User": {"operator"}, "X-Forwarded-Email": {"a@example.org"}}},
		{"GET", "/", http.Header{"X-Forwarded-For": {"127.0.0.1"}, "X-Real-Ip": {"127.0.0.1"}}},
		{"GET", "/", http.Header{"Cookie": {"__Host-oauth2-proxy=forged"}}},
	} {
		v := &visitor{t: t, login: l, cookies: map[string]*http.Cookie{}}
		if response := v.ask(x.method, x.path, x.header); response.status == http.StatusOK {
			t.Errorf("%s %s %v: %d", x.method, x.path, x.header, response.status)
		}
		if r := l.ui.last(); r != nil {
			t.Fatalf("%s %s %v reached the UI", x.method, x.path, x.header)
		}
	}
}

func TestLoginAccess(t *testing.T) {
	groupsOnly, domainsOnly := operators(), operators()
	groupsOnly.EmailDomains, domainsOnly.Groups = nil, nil
	for _, x := range []struct {
		name     string
		identity components.IdentitySettings
		user     *mockoidc.MockUser
		in       bool
	}{
		{"an operator", operators(), user("a@example.org", "operators"), true},
		{"one of the second group", operators(), user("a@example.org", "others", "security"), true},
		{"another group", operators(), user("a@example.org", "engineering"), false},
		{"another domain", operators(), user("a@example.net", "operators"), false},
		{"a domain that ends alike", operators(), user("a@notexample.org", "operators"), false},
		{"groups decide", groupsOnly, user("a@example.net", "operators"), true},
		{"groups decide, and not in one", groupsOnly, user("a@example.net"), false},
		{"domains decide", domainsOnly, user("a@example.org"), true},
		{"domains decide, and another", domainsOnly, user("a@example.net"), false},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := start(t, x.identity)
			v := &visitor{t: t, login: l, cookies: map[string]*http.Cookie{}}
			v.logIn(x.user)
			response := v.ask("GET", "/events", http.Header{"Authorization": {"Basic b3VyOm93bg=="}})
			reached := l.ui.last()
			if in := response.status == http.StatusOK && reached != nil; in != x.in {
				t.Fatalf("in: %v (%d), want %v", in, response.status, x.in)
			}
			if !x.in {
				return
			}
			if got := reached.Header.Get("Authorization"); got != "Basic b3VyOm93bg==" {
				t.Errorf("the UI's own login arrives as %q", got)
			}
			if got := reached.Header.Get("X-Forwarded-Access-Token"); got != "" {
				t.Error("the identity provider's token is handed on")
			}
			session := v.cookies["__Host-oauth2-proxy"]
			if session == nil || !session.Secure || !session.HttpOnly || session.SameSite != http.SameSiteLaxMode ||
				session.Path != "/" || session.Domain != "" {
				t.Errorf("the session's cookie is %+v", session)
			}
			v.ask("GET", "/oauth2/sign_out", nil)
			if again := v.ask("GET", "/events", nil); again.status == http.StatusOK {
				t.Error("still in after signing out")
			}
		})
	}
}
