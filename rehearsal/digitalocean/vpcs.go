package digitalocean

import (
	"net/http"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/uuid"
)

func (s *Simulator) routeVPCs(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2/vpcs", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		reply(w, http.StatusOK, "vpcs", sorted(s.vpcs, func(v *godo.VPC) string { return v.Name }))
	})
	mux.HandleFunc("POST /v2/vpcs", func(w http.ResponseWriter, r *http.Request) {
		var request godo.VPCCreateRequest
		if !read(w, r, &request) {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, v := range s.vpcs {
			if v.Name == request.Name {
				refuse(w, http.StatusUnprocessableEntity, "unprocessable_entity", "a VPC with this name already exists")
				return
			}
		}
		id := uuid.NewString()
		vpc := &godo.VPC{ID: id, URN: "do:vpc:" + id, Name: request.Name, Description: request.Description, IPRange: request.IPRange,
			RegionSlug: request.RegionSlug, CreatedAt: time.Now().UTC().Truncate(time.Second)}
		s.vpcs[id] = vpc
		reply(w, http.StatusCreated, "vpc", vpc)
	})
	mux.HandleFunc("GET /v2/vpcs/{id}", s.withVPC(func(w http.ResponseWriter, _ *http.Request, v *godo.VPC) {
		reply(w, http.StatusOK, "vpc", v)
	}))
	mux.HandleFunc("PUT /v2/vpcs/{id}", s.withVPC(func(w http.ResponseWriter, r *http.Request, v *godo.VPC) {
		var request godo.VPCUpdateRequest
		if !read(w, r, &request) {
			return
		}
		v.Name, v.Description = request.Name, request.Description
		reply(w, http.StatusOK, "vpc", v)
	}))
	mux.HandleFunc("DELETE /v2/vpcs/{id}", s.withVPC(func(w http.ResponseWriter, _ *http.Request, v *godo.VPC) {
		if s.members[v.ID] > 0 || s.inUse(v.ID) {
			refuse(w, http.StatusConflict, "conflict", "Can not delete VPC with members")
			return
		}
		delete(s.vpcs, v.ID)
		w.WriteHeader(http.StatusNoContent)
	}))
}

// withVPC finds the VPC of the path; the handler holds the account's lock.
func (s *Simulator) withVPC(handle func(http.ResponseWriter, *http.Request, *godo.VPC)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		v, ok := s.vpcs[r.PathValue("id")]
		if !ok {
			notFound(w)
			return
		}
		handle(w, r, v)
	}
}

func (s *Simulator) inUse(vpc string) bool {
	for _, c := range s.clusters {
		if c.VPCUUID == vpc {
			return true
		}
	}
	return false
}

// leaving counts the members that are on their way out of a VPC.
func (s *Simulator) leaving(vpc string, change int) { s.members[vpc] += change }
