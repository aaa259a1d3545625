package digitalocean

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/digitalocean/godo"
)

// AddDomain gives the account a domain: people bring theirs, programs add records to it.
func (s *Simulator) AddDomain(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.domains[name] = nil
}

// Records are those of a domain, by name.
func (s *Simulator) Records(domain string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	records := map[string]string{}
	for _, r := range s.domains[domain] {
		records[r.Name] = r.Type + " " + r.Data
	}
	return records
}

func (s *Simulator) routeDomains(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2/domains/{domain}", s.withDomain(func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK, "domain", godo.Domain{Name: r.PathValue("domain"), TTL: 1800})
	}))
	mux.HandleFunc("GET /v2/domains/{domain}/records", s.withDomain(func(w http.ResponseWriter, r *http.Request) {
		domain, query := r.PathValue("domain"), r.URL.Query()
		list(w, r, "domain_records", slices.DeleteFunc(slices.Clone(s.domains[domain]), func(d godo.DomainRecord) bool {
			return query.Has("type") && query.Get("type") != d.Type ||
				query.Has("name") && query.Get("name") != fullName(d.Name, domain)
		}))
	}))
	mux.HandleFunc("POST /v2/domains/{domain}/records", s.withDomain(func(w http.ResponseWriter, r *http.Request) {
		var request godo.DomainRecordEditRequest
		if !read(w, r, &request) {
			return
		}
		if request.Data == "" {
			invalid(w, "Data can't be blank")
			return
		}
		s.lastRecord++
		record := domainRecord(s.lastRecord, request)
		s.domains[r.PathValue("domain")] = append(s.domains[r.PathValue("domain")], record)
		reply(w, http.StatusCreated, "domain_record", record)
	}))
	const one = "/v2/domains/{domain}/records/{id}"
	mux.HandleFunc("GET "+one, s.withRecord(func(w http.ResponseWriter, _ *http.Request, record *godo.DomainRecord) {
		reply(w, http.StatusOK, "domain_record", record)
	}))
	edit := s.withRecord(func(w http.ResponseWriter, r *http.Request, record *godo.DomainRecord) {
		request := godo.DomainRecordEditRequest{ // what it leaves out stays: Terraform sends no type
			Type: record.Type, Name: record.Name, Data: record.Data, TTL: record.TTL, Priority: record.Priority,
			Port:   record.Port,
			Weight: record.Weight, Flags: record.Flags, Tag: record.Tag,
		}
		if !read(w, r, &request) {
			return
		}
		*record = domainRecord(record.ID, request)
		reply(w, http.StatusOK, "domain_record", record)
	})
	mux.HandleFunc("PUT "+one, edit)
	mux.HandleFunc("PATCH "+one, edit)
	mux.HandleFunc("DELETE "+one, s.withRecord(func(w http.ResponseWriter, r *http.Request, record *godo.DomainRecord) {
		domain, id := r.PathValue("domain"), record.ID
		s.domains[domain] = slices.DeleteFunc(s.domains[domain], func(d godo.DomainRecord) bool { return d.ID == id })
		w.WriteHeader(http.StatusNoContent)
	}))
}

// fullName is a record's name with its domain's, by which a list is filtered.
func fullName(name, domain string) string {
	if name == "@" {
		return domain
	}
	return name + "." + domain
}

func domainRecord(id int, r godo.DomainRecordEditRequest) godo.DomainRecord {
	return godo.DomainRecord{
		ID: id, Type: r.Type, Name: r.Name, Data: r.Data, TTL: r.TTL, Priority: r.Priority, Port: r.Port, Weight: r.Weight,
		Flags: r.Flags, Tag: r.Tag,
	}
}

// withDomain holds the account's lock, and answers for domains that are not there.
func (s *Simulator) withDomain(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.domains[r.PathValue("domain")]; !ok {
			notFound(w)
			return
		}
		handle(w, r)
	}
}

func (s *Simulator) withRecord(handle func(http.ResponseWriter, *http.Request, *godo.DomainRecord)) http.HandlerFunc {
	return s.withDomain(func(w http.ResponseWriter, r *http.Request) {
		records := s.domains[r.PathValue("domain")]
		for i := range records {
			if strconv.Itoa(records[i].ID) == r.PathValue("id") {
				handle(w, r, &records[i])
				return
			}
		}
		notFound(w)
	})
}
