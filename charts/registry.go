package charts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"doks-security/values"
)

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	// chartType is the layer that is the archive
	// (https://helm.sh/docs/topics/registries/#oci-feature-deprecation-and-behavior-changes).
	chartType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
)

// registry is an OCI registry. It is used by one goroutine.
type registry struct {
	client        *client
	host, path    string
	authorization string // the header; a token is often for one repository only
}

func (r *registry) archive(ctx context.Context, pin values.Chart) ([]byte, error) {
	name := strings.TrimPrefix(r.path+"/"+pin.Name, "/")
	tag := strings.ReplaceAll(pin.Version, "+", "_") // as Helm names it
	content, err := r.get(ctx, name, "manifests/"+tag, manifestType)
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Layers []struct{ MediaType, Digest string }
	}
	if err := json.Unmarshal(content, &manifest); err != nil {
		return nil, fmt.Errorf("reading the manifest of %s/%s:%s: %w", r.host, name, tag, err)
	}
	for _, layer := range manifest.Layers {
		if layer.MediaType != chartType {
			continue
		}
		content, err := r.get(ctx, name, "blobs/"+layer.Digest, "")
		if err == nil && "sha256:"+Digest(content) != layer.Digest {
			err = fmt.Errorf("%s/%s:%s has sha256 %s, but its manifest says %s",
				r.host, name, tag, Digest(content), layer.Digest)
		}
		return content, err
	}
	return nil, fmt.Errorf("%s/%s:%s is no Helm chart", r.host, name, tag)
}

// get reads a manifest or blob, and logs in when the registry asks for it.
func (r *registry) get(ctx context.Context, name, what, accept string) ([]byte, error) {
	address := "https://" + r.host + "/v2/" + name + "/" + what
	for asked := false; ; asked = true {
		header := http.Header{}
		if accept != "" {
			header.Set("Accept", accept)
		}
		if r.authorization != "" {
			header.Set("Authorization", r.authorization)
		}
		answer, err := r.client.get(ctx, address, header)
		if err != nil {
			return nil, err
		}
		if answer.status != http.StatusUnauthorized || asked {
			return answer.ok()
		}
		if err := r.authorize(ctx, name, answer.header.Get("WWW-Authenticate")); err != nil {
			return nil, fmt.Errorf("GET %s: %w", address, err)
		}
	}
}

// parameter is one of a challenge: scope="repository:charts/falco:pull".
var parameter = regexp.MustCompile(`(\w+)="([^"]*)"`)

// authorize answers a challenge: with the login of the host, or with a token that the login, or nobody's, gets at the
// realm (https://distribution.github.io/distribution/spec/auth/token).
func (r *registry) authorize(ctx context.Context, name, challenge string) error {
	login, err := findLogin(r.host)
	if err != nil {
		return err
	}
	scheme, rest, _ := strings.Cut(challenge, " ")
	switch {
	case strings.EqualFold(scheme, "Basic") && login != nil:
		r.authorization = login.basic()
		return nil
	case !strings.EqualFold(scheme, "Bearer"):
		return fmt.Errorf("401 Unauthorized; helm registry login %s", r.host)
	}
	given := map[string]string{"scope": "repository:" + name + ":pull"}
	for _, match := range parameter.FindAllStringSubmatch(rest, -1) {
		given[strings.ToLower(match[1])] = match[2]
	}
	realm, err := url.Parse(given["realm"])
	if err != nil || realm.Scheme != "https" {
		return fmt.Errorf("the registry names no https:// address for tokens: %q", given["realm"])
	}
	query := realm.Query()
	query.Set("scope", given["scope"])
	if given["service"] != "" {
		query.Set("service", given["service"])
	}
	realm.RawQuery = query.Encode()
	header := http.Header{}
	if login != nil {
		header.Set("Authorization", login.basic())
	}
	answer, err := r.client.get(ctx, realm.String(), header)
	if err != nil {
		return err
	}
	content, err := answer.ok()
	if err != nil {
		return fmt.Errorf("%w; helm registry login %s", err, r.host)
	}
	var token struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(content, &token); err != nil || token.Token+token.AccessToken == "" {
		return fmt.Errorf("%s gave no token", answer.address)
	}
	if token.Token == "" {
		token.Token = token.AccessToken
	}
	r.authorization = "Bearer " + token.Token
	return nil
}

// login is a user of a registry.
type login struct{ user, password string }

func (l login) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.user+":"+l.password))
}
