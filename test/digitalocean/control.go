package digitalocean

import (
	"encoding/json"
	"net/http"
)

// routeControl serves the control endpoints: see the package's documentation.
func (s *Simulator) routeControl(mux *http.ServeMux) {
	mux.HandleFunc("GET /_control/faults", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, s.Faults())
	})
	mux.HandleFunc("POST /_control/faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		if !readStrictly(w, r, &f) {
			return
		}
		id, err := s.AddFault(f)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.ID = id
		writeJSON(w, http.StatusCreated, f)
	})
	mux.HandleFunc("DELETE /_control/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.Mend()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /_control/faults/{id}", func(w http.ResponseWriter, r *http.Request) {
		if !s.EndFault(r.PathValue("id")) {
			http.Error(w, "no fault has this id; GET /_control/faults lists those that are on", http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("PUT /_control/token", func(w http.ResponseWriter, r *http.Request) {
		var token struct {
			Revoked bool     `json:"revoked"`
			Scopes  []string `json:"scopes"`
		}
		if !readStrictly(w, r, &token) {
			return
		}
		s.Grant(token.Scopes...)
		if token.Revoked {
			s.Revoke()
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// readStrictly refuses keys it does not know: a misspelled one would do nothing.
func readStrictly(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}
