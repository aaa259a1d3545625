package pipeline

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/golang/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// Line is a line of a log as Loki gets it.
type Line struct {
	Stream string // {a="b", c="d"}
	At     time.Time
	Text   string
}

// LokiSink takes what is pushed to Loki, and can refuse it
// (https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs).
type LokiSink struct {
	URL    string
	server *httptest.Server

	mu      sync.Mutex
	status  int
	lines   []Line
	refused int
}

// NewLokiSink listens on loopback. Close it.
func NewLokiSink() *LokiSink {
	s := &LokiSink{}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.server.URL
	return s
}

// Close ends it.
func (s *LokiSink) Close() { s.server.Close() }

// Refuse answers with a status instead of taking lines; 0 takes them again.
func (s *LokiSink) Refuse(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// Lines are those that were taken, and how many requests were refused.
func (s *LokiSink) Lines() (lines []Line, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines), s.refused
}

func (s *LokiSink) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status != 0 {
		s.refused++
		http.Error(w, "refused", s.status)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		body, err = snappy.Decode(nil, body)
	}
	var lines []Line
	if err == nil {
		lines, err = pushed(body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.lines = append(s.lines, lines...)
	w.WriteHeader(http.StatusNoContent)
}

// pushed reads a PushRequest (https://github.com/grafana/loki/blob/main/pkg/push/push.proto).
func pushed(request []byte) ([]Line, error) {
	var lines []Line
	err := fields(request, func(_ protowire.Number, stream []byte, _ uint64) error {
		var labels string
		return fields(stream, func(number protowire.Number, value []byte, _ uint64) error {
			switch number {
			case 1:
				labels = string(value)
			case 2:
				line, err := entry(value)
				line.Stream = labels
				lines = append(lines, line)
				return err
			}
			return nil
		})
	})
	return lines, err
}

func entry(message []byte) (Line, error) {
	var line Line
	err := fields(message, func(number protowire.Number, value []byte, _ uint64) error {
		switch number {
		case 1:
			var seconds, nanos uint64
			err := fields(value, func(number protowire.Number, _ []byte, value uint64) error {
				if number == 1 {
					seconds = value
				} else {
					nanos = value
				}
				return nil
			})
			line.At = time.Unix(int64(seconds), int64(nanos)).UTC()
			return err
		case 2:
			line.Text = string(value)
		}
		return nil
	})
	return line, err
}

// fields calls f for each field of a message: bytes or an integer.
func fields(message []byte, f func(number protowire.Number, value []byte, integer uint64) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		var value []byte
		var integer uint64
		switch kind {
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			integer, n = protowire.ConsumeVarint(message)
		default:
			return fmt.Errorf("field %d has the type %d: %w", number, kind, errors.ErrUnsupported)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if err := f(number, value, integer); err != nil {
			return err
		}
	}
	return nil
}
