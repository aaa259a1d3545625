package pipeline

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startAlloy ships the logs of Falco and of a pod of an application. write adds a line to one of them.
func startAlloy(t *testing.T) (loki *LokiSink, write func(file, stream, flag, text string)) {
	t.Helper()
	l, _ := newLab(t, "alloy")
	loki = NewLokiSink()
	t.Cleanup(loki.Close)
	dir := t.TempDir()
	files := map[string]LogFile{}
	for name, namespace := range map[string]string{"falco": "falco", "web": "shop"} {
		files[name] = LogFile{filepath.Join(dir, name+".log"), map[string]string{
			"namespace": namespace, "pod": name + "-1", "container": name, "app": name, "node": "node-a",
		}}
		if err := os.WriteFile(files[name].Path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := AlloyArgs{Stack: render(t, "dev", ""), Loki: loki.URL,
		Falco: []LogFile{files["falco"]}, Others: []LogFile{files["web"]}}
	if _, err := l.StartAlloy(t.Context(), args); err != nil {
		t.Fatal(err)
	}
	return loki, func(file, stream, flag, text string) {
		t.Helper()
		log, err := os.OpenFile(files[file].Path, os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = fmt.Fprintf(log, "%s %s %s %s\n", time.Now().UTC().Format(time.RFC3339Nano), stream, flag, text)
		}
		if err == nil {
			err = log.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// await returns the lines that Loki has as soon as there are n.
func (s *LokiSink) await(t *testing.T, n int) []Line {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		lines, refused := s.Lines()
		if len(lines) >= n {
			return lines
		}
		if time.Now().After(deadline) {
			t.Fatalf("Loki has %d of %d lines, and refused %d requests: %v", len(lines), n, refused, lines)
		}
	}
}

// An event has its own labels and time in Loki. Falco's own log, and what is no event, have those of its pod.
func TestAlloyLabelsFalcosEvents(t *testing.T) {
	loki, write := startAlloy(t)
	when := time.Now().Add(-time.Minute).UTC().Truncate(time.Microsecond)
	event, err := Event{Rule: "Read sensitive file", Priority: "Warning", Time: when}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	host := `{"hostname":"node-a","output":"a","output_fields":{"k8s.ns.name":null,"k8s.pod.name":null,"proc.tty":0},` +
		`"priority":"Notice","rule":"On the host","source":"syscall","time":"` + when.Format(time.RFC3339Nano) + `"}`
	write("falco", "stdout", "F", string(event))
	write("falco", "stdout", "P", host[:40]) // the container runtime splits long lines
	write("falco", "stdout", "F", host[40:])
	write("falco", "stdout", "F", "no event")
	write("falco", "stderr", "F", "Falco version: 0.44.1")
	write("web", "stdout", "F", `{"rule":"Read sensitive file","priority":"Emergency"}`)
	const pod = `{app="falco", cluster="dev", container="falco", namespace="falco", node="node-a", pod="falco-1", stream=`
	want := map[string]string{
		string(event): `{cluster="dev", hostname="node-a", k8s_ns_name="shop", k8s_pod_name="web-1", ` +
			`priority="Warning", rule="Read sensitive file", source="syscall"}`,
		host: `{cluster="dev", hostname="node-a", priority="Notice", rule="On the host", ` +
			`source="syscall"}`,
		"no event":              pod + `"stdout"}`,
		"Falco version: 0.44.1": pod + `"stderr"}`,
		`{"rule":"Read sensitive file","priority":"Emergency"}`: `{app="web", cluster="dev", container="web", ` +
			`namespace="shop", node="node-a", pod="web-1", stream="stdout"}`,
	}
	lines := loki.await(t, len(want))
	if len(lines) != len(want) {
		t.Errorf("%d lines, want %d: %v", len(lines), len(want), lines)
	}
	for _, line := range lines {
		if line.Stream != want[line.Text] {
			t.Errorf("%s\n has the labels %s\n want %s", line.Text, line.Stream, want[line.Text])
		}
		// Alloy adds a nanosecond to the second of two lines with the same time.
		if isEvent := strings.Contains(line.Stream, "rule="); isEvent != line.At.Truncate(time.Microsecond).Equal(when) {
			t.Errorf("%s\n is of %s; events are of %s, other lines of when they were written", line.Text, line.At, when)
		}
	}
}

// While Loki refuses, events wait. Then each arrives once.
func TestAlloyLosesNoEvent(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			loki, write := startAlloy(t)
			const events = 300
			for i := range events {
				switch i {
				case events / 3:
					loki.await(t, 1)
					loki.Refuse(status)
				case events * 2 / 3:
					time.Sleep(5 * time.Second)
					loki.Refuse(0)
				}
				event, err := Event{Rule: fmt.Sprintf("Rule %d", i), Priority: "Warning"}.JSON()
				if err != nil {
					t.Fatal(err)
				}
				write("falco", "stdout", "F", string(event))
				time.Sleep(10 * time.Millisecond)
			}
			lines := loki.await(t, events)
			seen := map[string]int{}
			for _, line := range lines {
				seen[line.Stream]++
			}
			if _, refused := loki.Lines(); refused == 0 || len(lines) != events || len(seen) != events {
				t.Errorf("%d lines of %d events after %d refused requests, want each once", len(lines), len(seen), refused)
			}
		})
	}
}
