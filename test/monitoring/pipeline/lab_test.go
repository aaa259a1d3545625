package pipeline

import (
	"errors"
	"flag"
	"os"
	"testing"
)

// Tests wait for messages most of the time: more of them run at once than there are processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// newLab is a lab and a sink that end with the test. Programs that cannot be had skip it.
func newLab(t *testing.T, programs ...string) (*Lab, *Sink) {
	t.Helper()
	l := New(t.TempDir(), false)
	for _, name := range programs {
		_, err := l.File(t.Context(), name)
		if missing := (*Unavailable)(nil); errors.As(err, &missing) {
			t.Skip(missing)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	sink, err := NewSink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(l.StopAll(), sink.Close()); err != nil {
			t.Error(err)
		}
		if !t.Failed() {
			return
		}
		for _, p := range l.Processes() {
			t.Logf("%s at %s printed:\n%s", p.Name, p.URL, lastLines(p.Log(), 40))
		}
	})
	return l, sink
}
