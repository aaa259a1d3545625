package digitalocean

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// SpacesHost is the host below which buckets have names of their own. It resolves nowhere: SpacesURL is the proxy to
// it.
const SpacesHost = "spaces.rehearsal.invalid"

// bucket is a bucket of Spaces.
type bucket struct {
	objects   map[string][]byte
	lifecycle string // its rules, as they were put
}

// TakeBucket lets other customers have buckets of these names: names are unique over all customers of a region.
func (s *Simulator) TakeBucket(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		s.taken[name] = true
	}
}

// spacesPath is the bucket and the object of a request, whether the bucket is in the host or in the path.
func spacesPath(r *http.Request) (bucket, key string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if name, inHost := strings.CutSuffix(r.Host, "."+SpacesHost); inHost {
		return name, path
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

func spacesFaultPath(r *http.Request) string {
	bucket, key := spacesPath(r)
	return "/spaces/" + bucket + "/" + key
}

func answerXML(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

// refuseSpaces answers with an error of S3; an empty code is that of the status.
func refuseSpaces(w http.ResponseWriter, status int, code string) {
	if code == "" {
		code = map[int]string{
			http.StatusForbidden: "AccessDenied", http.StatusNotFound: "NoSuchBucket", http.StatusConflict: "OperationAborted",
			http.StatusTooManyRequests: "TooManyRequests", http.StatusServiceUnavailable: "SlowDown",
		}[status]
	}
	if code == "" {
		code = "InternalError"
	}
	answerXML(w, status, fmt.Sprintf("<Error><Code>%s</Code><Message>%[1]s</Message></Error>", code))
}

// serveSpaces is as much of S3 as buckets with their rules and small objects take. Signatures are not checked.
func (s *Simulator) serveSpaces(w http.ResponseWriter, r *http.Request) {
	name, key := spacesPath(r)
	body, _ := io.ReadAll(r.Body) // the client may wait for its body to be read
	s.mu.Lock()
	defer s.mu.Unlock()
	b, query := s.buckets[name], r.URL.Query()
	subresource := ""
	for _, known := range []string{
		"acl", "cors", "lifecycle", "location", "policy", "versioning", "logging", "versions", "delete",
	} {
		if query.Has(known) {
			subresource = known
		}
	}
	switch {
	case b == nil && r.Method == http.MethodPut && key == "" && subresource == "":
		if s.taken[name] { // https://github.com/digitalocean/mastodon-on-kubernetes/issues/4
			refuseSpaces(w, http.StatusConflict, "BucketAlreadyExists")
			return
		}
		s.buckets[name] = &bucket{objects: map[string][]byte{}}
		answerXML(w, http.StatusOK, "")
	case b == nil && s.taken[name]:
		refuseSpaces(w, http.StatusForbidden, "AccessDenied")
	case b == nil:
		refuseSpaces(w, http.StatusNotFound, "NoSuchBucket")
	case key != "":
		b.serveObject(w, r.Method, key, body)
	case subresource == "lifecycle":
		b.serveLifecycle(w, r.Method, string(body))
	case r.Method == http.MethodPost && subresource == "delete":
		b.deleteObjects(w, body)
	case r.Method == http.MethodPut, r.Method == http.MethodHead: // a bucket of one's own can be put again
		answerXML(w, http.StatusOK, "")
	case r.Method == http.MethodDelete && subresource != "":
		answerXML(w, http.StatusNoContent, "")
	case r.Method == http.MethodDelete && len(b.objects) > 0:
		refuseSpaces(w, http.StatusConflict, "BucketNotEmpty")
	case r.Method == http.MethodDelete:
		delete(s.buckets, name)
		answerXML(w, http.StatusNoContent, "")
	default:
		b.serveList(w, name, subresource)
	}
}

func (b *bucket) serveObject(w http.ResponseWriter, method, key string, body []byte) {
	content, there := b.objects[key]
	switch {
	case method == http.MethodPut:
		b.objects[key] = body
		answerXML(w, http.StatusOK, "")
	case method == http.MethodDelete:
		delete(b.objects, key)
		answerXML(w, http.StatusNoContent, "")
	case !there:
		refuseSpaces(w, http.StatusNotFound, "NoSuchKey")
	default:
		_, _ = w.Write(content) // the client went away
	}
}

func (b *bucket) serveLifecycle(w http.ResponseWriter, method, rules string) {
	switch {
	case method == http.MethodPut:
		b.lifecycle = rules
		answerXML(w, http.StatusOK, "")
	case method == http.MethodDelete:
		b.lifecycle = ""
		answerXML(w, http.StatusNoContent, "")
	case b.lifecycle == "":
		refuseSpaces(w, http.StatusNotFound, "NoSuchLifecycleConfiguration")
	default:
		answerXML(w, http.StatusOK, b.lifecycle)
	}
}

// deleteObjects deletes those a request lists, as emptying a bucket does.
func (b *bucket) deleteObjects(w http.ResponseWriter, body []byte) {
	var request struct {
		Objects []struct {
			Key string `xml:"Key"`
		} `xml:"Object"`
	}
	if err := xml.Unmarshal(body, &request); err != nil {
		refuseSpaces(w, http.StatusBadRequest, "MalformedXML")
		return
	}
	for _, object := range request.Objects {
		delete(b.objects, object.Key)
	}
	answerXML(w, http.StatusOK, `<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>`)
}

// serveList answers a GET of a bucket or of one of its settings.
func (b *bucket) serveList(w http.ResponseWriter, name, subresource string) {
	const namespace = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
	root, element := "ListBucketResult", "Contents"
	switch subresource {
	case "cors":
		refuseSpaces(w, http.StatusNotFound, "NoSuchCORSConfiguration")
		return
	case "policy":
		refuseSpaces(w, http.StatusNotFound, "NoSuchBucketPolicy")
		return
	case "location":
		answerXML(w, http.StatusOK, `<LocationConstraint`+namespace+`>fra1</LocationConstraint>`)
		return
	case "versioning":
		answerXML(w, http.StatusOK, `<VersioningConfiguration`+namespace+`></VersioningConfiguration>`)
		return
	case "acl":
		answerXML(w, http.StatusOK, `<AccessControlPolicy><Owner><ID>1</ID></Owner></AccessControlPolicy>`)
		return
	case "versions":
		root, element = "ListVersionsResult", "Version"
	}
	var contents strings.Builder
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		fmt.Fprintf(&contents, "<%s><Key>%s</Key><VersionId>null</VersionId><Size>%d</Size></%[1]s>",
			element, key, len(b.objects[key]))
	}
	answerXML(w, http.StatusOK, fmt.Sprintf(
		"<%s%s><Name>%s</Name><KeyCount>%d</KeyCount><IsTruncated>false</IsTruncated>%s</%[1]s>",
		root, namespace, name, len(b.objects), contents.String()))
}
