package state

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// spaces is an S3 server with one bucket, over TLS as Spaces is: over plain HTTP clients send checksums differently.
type spaces struct {
	url, authority string // authority is a file
	mu             sync.Mutex
	uploads, reads map[string]bool // headers about checksums
}

func newSpaces(t *testing.T, bucket string) *spaces {
	t.Helper()
	memory := s3mem.New()
	if err := memory.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	s := &spaces{uploads: map[string]bool{}, reads: map[string]bool{}}
	s3 := gofakes3.New(memory).Server()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(r)
		withoutTrailer(r)
		s3.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url, s.authority = server.URL, filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(s.authority, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *spaces) note(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for header := range r.Header {
		name := strings.ToLower(header)
		if !strings.HasPrefix(name, "x-amz-checksum") && name != "x-amz-trailer" {
			continue
		}
		if r.Method == http.MethodPut {
			s.uploads[name] = true
		} else {
			s.reads[name] = true
		}
	}
}

// withoutTrailer takes an upload out of its chunks, as a store does that knows of checksums in trailers. One that does
// not would keep the chunks' lengths in the object.
func withoutTrailer(r *http.Request) {
	if r.Header.Get("X-Amz-Content-Sha256") != "STREAMING-UNSIGNED-PAYLOAD-TRAILER" {
		return
	}
	length := r.Header.Get("X-Amz-Decoded-Content-Length")
	r.Body = io.NopCloser(httputil.NewChunkedReader(r.Body))
	r.Header.Set("Content-Length", length)
	r.ContentLength, _ = strconv.ParseInt(length, 10, 64)
	for _, header := range []string{"X-Amz-Content-Sha256", "X-Amz-Trailer", "Content-Encoding"} {
		r.Header.Del(header)
	}
}

// mask is how the stand-ins of key services encrypt: reversibly, and only with the key's name.
func mask(key, text string) string { return "masked:" + key + ":" + text }

func unmask(key, text string) (string, bool) { return strings.CutPrefix(text, "masked:"+key+":") }

// newVault is as much of Vault's transit engine as encrypting and decrypting takes.
func newVault(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request map[string]string
		err := json.NewDecoder(r.Body).Decode(&request)
		action, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/transit/"), "/")
		plain, ours := unmask(key, request["ciphertext"])
		switch {
		case err != nil, r.Header.Get("X-Vault-Token") != "token":
			w.WriteHeader(http.StatusForbidden)
		case action == "encrypt":
			answer(w, map[string]any{"data": map[string]string{"ciphertext": mask(key, request["plaintext"])}})
		case action == "decrypt" && ours:
			answer(w, map[string]any{"data": map[string]string{"plaintext": plain}})
		default:
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// newKMS is as much of AWS KMS as encrypting and decrypting takes. It has the one key it is asked for.
func newKMS(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct{ Plaintext, CiphertextBlob string }
		err := json.NewDecoder(r.Body).Decode(&request)
		action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
		blob, _ := base64.StdEncoding.DecodeString(request.CiphertextBlob)
		plain, ours := unmask("kms", string(blob))
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		switch {
		case err == nil && action == "Encrypt":
			answer(w, map[string]string{"CiphertextBlob": base64.StdEncoding.EncodeToString([]byte(mask("kms",
				request.Plaintext)))})
		case err == nil && action == "Decrypt" && ours:
			answer(w, map[string]string{"Plaintext": plain})
		default:
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func answer(w http.ResponseWriter, body any) {
	_ = json.NewEncoder(w).Encode(body) // the client went away
}
