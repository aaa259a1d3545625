package digitalocean

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// variable names a bundle of DigitalOcean's OpenAPI description, or the directory it is in: `make bundle` of
// https://github.com/digitalocean/openapi makes it.
const variable = "DIGITALOCEAN_OPENAPI"

type description struct {
	doc    *openapi3.T
	router routers.Router
}

// describe loads the description once; nil without one.
var describe = sync.OnceValues(func() (*description, error) {
	file := os.Getenv(variable)
	if file == "" {
		return nil, nil
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		file = filepath.Join(file, "DigitalOcean-public.v2.yaml")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %s is no bundled OpenAPI description: %w", variable, file, err)
	}
	doc.Servers = nil // any host is theirs
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("%s: routing %s: %w", variable, file, err)
	}
	return &description{doc, router}, nil
})

// checked adds the token to requests, and holds every answer against the description.
type checked struct {
	t     *testing.T
	token string
}

func (c *checked) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+c.token)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	api, err := describe()
	if err != nil {
		c.t.Fatal(err)
	}
	if api != nil {
		if err := api.check(r, response, body); err != nil {
			c.t.Errorf("%s %s answers %s, against the OpenAPI description: %v\n%s",
				r.Method, r.URL.Path, response.Status, err, body)
		}
	}
	return response, nil
}

func (d *description) check(r *http.Request, response *http.Response, body []byte) error {
	route, parameters, err := d.router.FindRoute(r)
	if err != nil {
		return err
	}
	return openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route},
		Status:                 response.StatusCode, Header: response.Header, Body: io.NopCloser(bytes.NewReader(body)),
	})
}

// The scopes that requests need, for all paths that the simulator serves.
func TestScopesAgreeWithTheDescription(t *testing.T) {
	api, err := describe()
	if err != nil {
		t.Fatal(err)
	}
	if api == nil {
		t.Skipf("%s names no OpenAPI description", variable)
	}
	s, _ := open(t, &fake{})
	mux := s.accountMux()
	compared := 0
	for path, item := range api.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			r, err := http.NewRequestWithContext(t.Context(), method, strings.NewReplacer("{", "", "}", "").Replace(path), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, pattern := mux.Handler(r); pattern == "/" || pattern == "" || operation.Security == nil {
				continue
			}
			compared++
			if !needs(operation.Security, scopesOf(method, path)) {
				t.Errorf("%s %s needs %v, the description has %v", method, path, scopesOf(method, path), *operation.Security)
			}
		}
	}
	if compared < 50 {
		t.Errorf("%d operations were compared", compared)
	}
}

// needs reports whether scopes are one of the alternatives. Those named api: are from before scopes had resources.
func needs(security *openapi3.SecurityRequirements, scopes []string) bool {
	for _, alternative := range *security {
		wanted := slices.DeleteFunc(slices.Clone(alternative["bearer_auth"]), func(scope string) bool {
			return strings.HasPrefix(scope, "api:")
		})
		slices.Sort(wanted)
		if slices.Equal(wanted, slices.Sorted(slices.Values(scopes))) {
			return true
		}
	}
	return false
}
