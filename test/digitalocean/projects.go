package digitalocean

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	"github.com/google/uuid"
)

type project struct {
	godo.Project
	resources []string // URNs
}

func (s *Simulator) routeProjects(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2/projects", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var all []godo.Project
		for _, p := range sorted(s.projects, func(p *project) string { return p.Name }) {
			all = append(all, p.Project)
		}
		list(w, r, "projects", all)
	})
	mux.HandleFunc("POST /v2/projects", func(w http.ResponseWriter, r *http.Request) {
		var request godo.CreateProjectRequest
		if !read(w, r, &request) {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.projectNamed(request.Name) != nil {
			refuse(w, http.StatusConflict, "name is already in use")
			return
		}
		created := now().Format(time.RFC3339)
		p := &project{Project: godo.Project{ID: uuid.NewString(), Name: request.Name, Description: request.Description,
			Purpose: request.Purpose, Environment: request.Environment, CreatedAt: created, UpdatedAt: created}}
		s.projects[p.ID] = p
		reply(w, http.StatusCreated, "project", p.Project)
	})
	mux.HandleFunc("GET /v2/projects/{id}", s.withProject(func(w http.ResponseWriter, _ *http.Request, p *project) {
		reply(w, http.StatusOK, "project", p.Project)
	}))
	change := s.withProject(func(w http.ResponseWriter, r *http.Request, p *project) {
		request := p.Project
		if !read(w, r, &request) {
			return
		}
		if other := s.projectNamed(request.Name); other != nil && other != p {
			refuse(w, http.StatusConflict, "name is already in use")
			return
		}
		p.Name, p.Description = request.Name, request.Description
		p.Purpose, p.Environment = request.Purpose, request.Environment
		p.UpdatedAt = now().Format(time.RFC3339)
		reply(w, http.StatusOK, "project", p.Project)
	})
	mux.HandleFunc("PUT /v2/projects/{id}", change)
	mux.HandleFunc("PATCH /v2/projects/{id}", change)
	mux.HandleFunc("DELETE /v2/projects/{id}", s.withProject(func(w http.ResponseWriter, _ *http.Request, p *project) {
		if len(p.resources) > 0 {
			refuse(w, http.StatusPreconditionFailed,
				"cannot delete a project with resources. move or remove the resources first")
			return
		}
		delete(s.projects, p.ID)
		w.WriteHeader(http.StatusNoContent)
	}))
	const resources = "/v2/projects/{id}/resources"
	mux.HandleFunc("GET "+resources, s.withProject(func(w http.ResponseWriter, r *http.Request, p *project) {
		list(w, r, "resources", assigned(p.resources))
	}))
	mux.HandleFunc("POST "+resources, s.withProject(func(w http.ResponseWriter, r *http.Request, p *project) {
		var request struct {
			Resources []string `json:"resources"`
		}
		if !read(w, r, &request) {
			return
		}
		for _, other := range s.projects { // a resource is in one project
			other.resources = slices.DeleteFunc(other.resources, func(urn string) bool {
				return slices.Contains(request.Resources, urn)
			})
		}
		p.resources = append(p.resources, request.Resources...)
		reply(w, http.StatusOK, "resources", assigned(request.Resources))
	}))
}

// projectNamed finds a project: names are unique in an account.
func (s *Simulator) projectNamed(name string) *project {
	for _, p := range s.projects {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// withProject finds the project of the path, also by the word default; the handler holds the account's lock.
func (s *Simulator) withProject(handle func(http.ResponseWriter, *http.Request, *project)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, p := range s.projects {
			if p.ID == r.PathValue("id") || p.IsDefault && r.PathValue("id") == "default" {
				handle(w, r, p)
				return
			}
		}
		notFound(w)
	}
}

func assigned(urns []string) []godo.ProjectResource {
	list := []godo.ProjectResource{}
	for _, urn := range urns {
		path := strings.ReplaceAll(strings.TrimPrefix(urn, "do:"), ":", "/")
		list = append(list, godo.ProjectResource{
			URN: urn, AssignedAt: now().Format(time.RFC3339), Status: "assigned",
			Links: &godo.ProjectResourceLinks{Self: "https://api.digitalocean.com/v2/" + path},
		})
	}
	return list
}
