package pipeline

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/golang/snappy"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	_ "google.golang.org/protobuf/types/known/timestamppb" // registers the file that the description depends on
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

// pushRequest describes as much of a PushRequest as is read here
// (https://github.com/grafana/loki/blob/main/pkg/push/push.proto): its Go types would bring gogo/protobuf and gRPC.
var pushRequest = sync.OnceValues(func() (protoreflect.MessageDescriptor, error) {
	const text = `
		name: "push.proto" package: "push" syntax: "proto3" dependency: "google/protobuf/timestamp.proto"
		message_type {
			name: "PushRequest"
			field { name: "streams" number: 1 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".push.Stream" }
		}
		message_type {
			name: "Stream"
			field { name: "labels" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
			field { name: "entries" number: 2 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".push.Entry" }
		}
		message_type {
			name: "Entry"
			field {
				name: "timestamp" number: 1 label: LABEL_OPTIONAL
				type: TYPE_MESSAGE type_name: ".google.protobuf.Timestamp"
			}
			field { name: "line" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING }
		}`
	file := &descriptorpb.FileDescriptorProto{}
	if err := prototext.Unmarshal([]byte(text), file); err != nil {
		return nil, err
	}
	described, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		return nil, err
	}
	return described.Messages().ByName("PushRequest"), nil
})

// pushed are the lines of a PushRequest.
func pushed(request []byte) ([]Line, error) {
	descriptor, err := pushRequest()
	if err != nil {
		return nil, err
	}
	message := dynamicpb.NewMessage(descriptor)
	if err := proto.Unmarshal(request, message); err != nil {
		return nil, err
	}
	text, err := protojson.Marshal(message)
	if err != nil {
		return nil, err
	}
	var push struct {
		Streams []struct {
			Labels  string
			Entries []struct {
				Timestamp time.Time
				Line      string
			}
		}
	}
	if err := json.Unmarshal(text, &push); err != nil {
		return nil, err
	}
	var lines []Line
	for _, stream := range push.Streams {
		for _, entry := range stream.Entries {
			lines = append(lines, Line{stream.Labels, entry.Timestamp, entry.Line})
		}
	}
	return lines, nil
}
