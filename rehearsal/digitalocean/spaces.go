package digitalocean

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/digitalocean/godo"
)

func (s *Simulator) routeKeys(mux *http.ServeMux) {
	mux.HandleFunc("POST /v2/spaces/keys", func(w http.ResponseWriter, r *http.Request) {
		var request godo.SpacesKeyCreateRequest
		if !read(w, r, &request) {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, grant := range request.Grants {
			if grant.Bucket != "" && !s.buckets[grant.Bucket] {
				refuse(w, http.StatusUnprocessableEntity, "unprocessable_entity", "bucket "+grant.Bucket+" does not exist")
				return
			}
		}
		key := &godo.SpacesKey{Name: request.Name, AccessKey: "DO00" + rand.Text()[:16], SecretKey: rand.Text() + rand.Text()[:17],
			Grants: request.Grants, CreatedAt: time.Now().UTC().Format(time.RFC3339)}
		s.keys[key.AccessKey] = key
		reply(w, http.StatusCreated, "key", key)
	})
	withKey := func(handle func(http.ResponseWriter, *http.Request, *godo.SpacesKey)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			key, ok := s.keys[r.PathValue("id")]
			if !ok {
				notFound(w)
				return
			}
			handle(w, r, key)
		}
	}
	shown := func(key *godo.SpacesKey) godo.SpacesKey { // the secret is told once, at creation
		public := *key
		public.SecretKey = ""
		return public
	}
	mux.HandleFunc("GET /v2/spaces/keys", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var list []godo.SpacesKey
		for _, key := range sorted(s.keys, func(k *godo.SpacesKey) string { return k.Name }) {
			list = append(list, shown(key))
		}
		reply(w, http.StatusOK, "keys", list)
	})
	mux.HandleFunc("GET /v2/spaces/keys/{id}", withKey(func(w http.ResponseWriter, _ *http.Request, key *godo.SpacesKey) {
		reply(w, http.StatusOK, "key", shown(key))
	}))
	mux.HandleFunc("PUT /v2/spaces/keys/{id}", withKey(func(w http.ResponseWriter, r *http.Request, key *godo.SpacesKey) {
		var request godo.SpacesKeyUpdateRequest
		if !read(w, r, &request) {
			return
		}
		key.Name, key.Grants = request.Name, request.Grants
		reply(w, http.StatusOK, "key", shown(key))
	}))
	mux.HandleFunc("DELETE /v2/spaces/keys/{id}", withKey(func(w http.ResponseWriter, _ *http.Request, key *godo.SpacesKey) {
		delete(s.keys, key.AccessKey)
		w.WriteHeader(http.StatusNoContent)
	}))
}

// SpacesHost is the host below which buckets have names of their own. It resolves nowhere: SpacesURL is the proxy to it.
const SpacesHost = "spaces.rehearsal.invalid"

// serveSpaces is as much of S3 as creating, finding and deleting an empty bucket takes. Signatures are not checked.
func (s *Simulator) serveSpaces(w http.ResponseWriter, r *http.Request) {
	bucket, inHost := strings.CutSuffix(r.Host, "."+SpacesHost)
	if !inHost {
		bucket, _, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	}
	body, _ := io.ReadAll(r.Body) // the client may wait for its body to be read
	s.mu.Lock()
	defer s.mu.Unlock()
	query := r.URL.Query()
	answer := func(status int, body string) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
	fault := func(status int, code string) {
		answer(status, `<?xml version="1.0"?><Error><Code>`+code+`</Code><Message>`+code+`</Message></Error>`)
	}
	subresource := ""
	for _, name := range []string{"acl", "cors", "lifecycle", "location", "policy", "versioning", "logging", "versions"} {
		if query.Has(name) {
			subresource = name
		}
	}
	switch {
	case r.Method == http.MethodPut && subresource == "":
		s.buckets[bucket] = true
		answer(http.StatusOK, "")
	case !s.buckets[bucket]:
		fault(http.StatusNotFound, "NoSuchBucket")
	case r.Method == http.MethodPut && subresource == "lifecycle":
		s.lifecycles[bucket] = string(body)
		answer(http.StatusOK, "")
	case r.Method == http.MethodPut, r.Method == http.MethodHead:
		answer(http.StatusOK, "")
	case r.Method == http.MethodDelete && subresource == "":
		delete(s.buckets, bucket)
		delete(s.lifecycles, bucket)
		answer(http.StatusNoContent, "")
	case r.Method == http.MethodDelete:
		if subresource == "lifecycle" {
			delete(s.lifecycles, bucket)
		}
		answer(http.StatusNoContent, "")
	case subresource == "cors":
		fault(http.StatusNotFound, "NoSuchCORSConfiguration")
	case subresource == "lifecycle" && s.lifecycles[bucket] != "":
		answer(http.StatusOK, s.lifecycles[bucket])
	case subresource == "lifecycle":
		fault(http.StatusNotFound, "NoSuchLifecycleConfiguration")
	case subresource == "policy":
		fault(http.StatusNotFound, "NoSuchBucketPolicy")
	case subresource == "location":
		answer(http.StatusOK, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">fra1</LocationConstraint>`)
	case subresource == "versioning":
		answer(http.StatusOK, `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></VersioningConfiguration>`)
	case subresource == "acl":
		answer(http.StatusOK, `<AccessControlPolicy><Owner><ID>1</ID></Owner><AccessControlList></AccessControlList></AccessControlPolicy>`)
	default:
		answer(http.StatusOK, `<ListBucketResult><Name>`+bucket+`</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>`)
	}
}
