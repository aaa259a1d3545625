package pipeline

import (
	"bytes"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/golang/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// A request as a client sends it: a stream with a line, and fields that no test reads.
func TestLokiSinkTakesWhatIsPushed(t *testing.T) {
	sink := NewLokiSink()
	defer sink.Close()
	nested := func(number protowire.Number, message []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), message)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	timestamp := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(at.Unix()))
	timestamp = protowire.AppendVarint(protowire.AppendTag(timestamp, 2, protowire.VarintType), uint64(at.Nanosecond()))
	entry := slices.Concat(nested(1, timestamp), nested(2, []byte("é\n")), nested(3, []byte("metadata")))
	hash := protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), 7)
	request := nested(1, slices.Concat(nested(1, []byte(`{a="b"}`)), nested(2, entry), hash))
	for _, c := range []struct {
		body   []byte
		refuse int
		status int
	}{
		{snappy.Encode(nil, request), 0, http.StatusNoContent},
		{snappy.Encode(nil, request), http.StatusTooManyRequests, http.StatusTooManyRequests},
		{request, 0, http.StatusBadRequest},
		{snappy.Encode(nil, []byte("no request")), 0, http.StatusBadRequest},
	} {
		sink.Refuse(c.refuse)
		push, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sink.URL, bytes.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(push)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != c.status {
			t.Errorf("answers %s, want %d", response.Status, c.status)
		}
	}
	want := []Line{{`{a="b"}`, at, "é\n"}}
	if lines, refused := sink.Lines(); !slices.Equal(lines, want) || refused != 1 {
		t.Errorf("%v, %d refused; want %v, 1", lines, refused, want)
	}
}
