package digitalocean

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/digitalocean/godo"
)

// reply writes {key: value}, as the API answers for one object.
func reply(w http.ResponseWriter, status int, key string, value any) {
	writeJSON(w, status, map[string]any{key: value})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client went away
}

// list answers one page of a collection: page counts from 1, per_page is 20 by default and at most 200.
func list[T any](w http.ResponseWriter, r *http.Request, key string, all []T) {
	query := r.URL.Query()
	number := func(name string, otherwise int) int {
		n, err := strconv.Atoi(query.Get(name))
		if err != nil || n < 1 {
			return otherwise
		}
		return n
	}
	page, size := number("page", 1), min(number("per_page", 20), 200)
	last := max(1, (len(all)+size-1)/size)
	link := func(page int) string {
		values := url.Values{"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(size)}}
		return fmt.Sprintf("http://%s%s?%s", r.Host, r.URL.Path, values.Encode())
	}
	links := godo.Links{}
	if last > 1 || page > 1 {
		links.Pages = &godo.Pages{}
	}
	if page > 1 {
		links.Pages.First, links.Pages.Prev = link(1), link(page-1)
	}
	if page < last {
		links.Pages.Next, links.Pages.Last = link(page+1), link(last)
	}
	from := min((page-1)*size, len(all))
	shown := append([]T{}, all[from:min(from+size, len(all))]...)
	writeJSON(w, http.StatusOK, map[string]any{key: shown, "links": links, "meta": map[string]int{"total": len(all)}})
}

// answer is an error's id and message.
type answer struct{ id, message string }

// answers are those that do not depend on the request, as seen of DigitalOcean: 401 and 429 in
// https://docs.digitalocean.com/reference/api/, 403 in https://github.com/digitalocean/doctl/issues/1635.
var answers = map[int]answer{
	http.StatusBadRequest:          {"bad_request", "error parsing request body"},
	http.StatusUnauthorized:        {"Unauthorized", "Unable to authenticate you"},
	http.StatusForbidden:           {"Forbidden", "You are not authorized to perform this operation"},
	http.StatusNotFound:            {"not_found", "The resource you were accessing could not be found."},
	http.StatusConflict:            {"conflict", "The request could not be completed due to a conflict."},
	http.StatusPreconditionFailed:  {"precondition_failed", "The request could not be completed."},
	http.StatusUnprocessableEntity: {"unprocessable_entity", "request payload validation failed"},
	http.StatusTooManyRequests:     {"too_many_requests", "API Rate limit exceeded."},
	http.StatusInternalServerError: {"server_error", "Unexpected server-side error"},
	http.StatusBadGateway:          {"bad_gateway", "Bad Gateway"},
	http.StatusServiceUnavailable:  {"service_unavailable", "Service Unavailable"},
	http.StatusGatewayTimeout:      {"gateway_timeout", "Gateway Timeout"},
}

// refuse answers with an error; an empty message is DigitalOcean's own for the status.
func refuse(w http.ResponseWriter, status int, message string) {
	own := answers[status]
	writeJSON(w, status, map[string]string{
		"id": cmp.Or(own.id, "error"), "message": cmp.Or(message, own.message, http.StatusText(status), "error"),
	})
}

// invalid answers that a request was understood and cannot be carried out.
func invalid(w http.ResponseWriter, format string, args ...any) {
	refuse(w, http.StatusUnprocessableEntity, fmt.Sprintf(format, args...))
}

func notFound(w http.ResponseWriter) { refuse(w, http.StatusNotFound, "") }

// read decodes a request's body, or answers that it cannot.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "error parsing request body: "+err.Error())
		return false
	}
	return true
}

func sorted[V any](m map[string]V, by func(V) string) []V {
	list := make([]V, 0, len(m))
	for _, v := range m {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b V) int { return cmp.Compare(by(a), by(b)) })
	return list
}
