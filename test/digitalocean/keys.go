package digitalocean

import (
	"crypto/rand"
	"net/http"
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
			if grant.Bucket != "" && s.buckets[grant.Bucket] == nil {
				invalid(w, "bucket %s does not exist", grant.Bucket)
				return
			}
		}
		key := &godo.SpacesKey{
			Name: request.Name, AccessKey: "DO00" + rand.Text()[:16], SecretKey: rand.Text() + rand.Text()[:17],
			Grants: append([]*godo.Grant{}, request.Grants...), CreatedAt: now().Format(time.RFC3339),
		}
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
	shown := func(key *godo.SpacesKey) any { // the secret is in the answer to its creation only
		return map[string]any{
			"name": key.Name, "access_key": key.AccessKey, "grants": key.Grants, "created_at": key.CreatedAt,
		}
	}
	mux.HandleFunc("GET /v2/spaces/keys", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var keys []any
		for _, key := range sorted(s.keys, func(k *godo.SpacesKey) string { return k.Name }) {
			keys = append(keys, shown(key))
		}
		list(w, r, "keys", keys)
	})
	mux.HandleFunc("GET /v2/spaces/keys/{id}", withKey(func(w http.ResponseWriter, _ *http.Request, key *godo.SpacesKey) {
		reply(w, http.StatusOK, "key", shown(key))
	}))
	mux.HandleFunc("PUT /v2/spaces/keys/{id}", withKey(func(w http.ResponseWriter, r *http.Request, key *godo.SpacesKey) {
		var request godo.SpacesKeyUpdateRequest
		if !read(w, r, &request) {
			return
		}
		key.Name, key.Grants = request.Name, append([]*godo.Grant{}, request.Grants...)
		reply(w, http.StatusOK, "key", shown(key))
	}))
	remove := func(w http.ResponseWriter, _ *http.Request, key *godo.SpacesKey) {
		delete(s.keys, key.AccessKey)
		w.WriteHeader(http.StatusNoContent)
	}
	mux.HandleFunc("DELETE /v2/spaces/keys/{id}", withKey(remove))
}
