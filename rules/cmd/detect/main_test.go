package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// world stands in for pulumi, kubectl and what is behind its port-forwards. Alerts arrive after some polls.
type world struct {
	log      string // what kubectl was asked to do
	sidekick []string
	loki     []string
	polls    atomic.Int32
	onPoll   func()
}

func newWorld(t *testing.T, config string, w *world) {
	t.Helper()
	dir := t.TempDir()
	w.log = filepath.Join(dir, "log")
	server := httptest.NewServer(http.HandlerFunc(w.answer))
	t.Cleanup(server.Close)
	scripts := map[string]string{
		"pulumi": `case "$*" in config*) cat <<'JSON'` + "\n" + config + "\nJSON\n;; " +
			`*" namespaces "*) echo '{"falco": "obs-falco", "loki": "team-logs"}' ;; ` +
			`*) echo '{"kubeconfig": "kubeconfig"}' ;; esac` + "\n",
		"kubectl": `echo "$@" >> ` + w.log + "\n" + `case "$*" in *port-forward*) echo "Forwarding from ` +
			strings.TrimPrefix(server.URL, "http://") +
			` -> 1"; exec sleep 60 ;; *apply*) cat >> ` + w.log + " ;; esac\n",
	}
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
}

var namespaceInLog = regexp.MustCompile(`detect-[0-9]+`)

func (w *world) answer(response http.ResponseWriter, request *http.Request) {
	if w.onPoll != nil {
		w.onPoll()
	}
	if w.polls.Add(1) < 3 {
		http.Error(response, "starting", http.StatusServiceUnavailable)
		return
	}
	if strings.HasPrefix(request.URL.Path, "/loki/") {
		var streams []string
		for _, rule := range w.loki {
			if strings.Contains(request.URL.Query().Get("query"), "detect-") {
				streams = append(streams, fmt.Sprintf(`{"stream":{"rule":%q},"values":[["1","x"]]}`, rule))
			}
		}
		fmt.Fprintf(response, `{"status":"success","data":{"resultType":"streams","result":[%s]}}`,
			strings.Join(streams, ","))
		return
	}
	log, _ := os.ReadFile(w.log)
	namespace := namespaceInLog.FindString(string(log[bytes.Index(log, []byte("kind: Namespace")):]))
	for _, rule := range w.sidekick {
		fmt.Fprintf(response, "falcosecurity_falcosidekick_falco_events_total{k8s_ns_name=%q,priority=\"4\",rule=%q} 1\n",
			namespace, rule)
	}
	fmt.Fprintf(response, "falcosecurity_falcosidekick_falco_events_total{k8s_ns_name=\"shop\",rule=\"Elsewhere\"} 7\n")
}

const devConfig = `{"doks-security:profile":{"value":"dev"},"doks-security:cluster":{"value":"{}",` +
	`"objectValue":{"protect":false}}}`

func TestDetect(t *testing.T) {
	w := &world{sidekick: append([]string{"Virtual Cluster Image Seen"}, expected...), loki: expected}
	newWorld(t, devConfig, w)
	var out bytes.Buffer
	if err := run(context.Background(), &out, "dev", time.Minute, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^Read sensitive file untrusted +falcosidekick: [0-9]+ s  Loki: [0-9]+ s
Virtual Cluster Image Seen +falcosidekick: [0-9]+ s  Loki: not
Virtual Cluster Started Without Approval +falcosidekick: [0-9]+ s  Loki: [0-9]+ s
$`)
	if !want.Match(out.Bytes()) {
		t.Errorf("summary\n%s", out.String())
	}
	w.check(t, true)
}

func TestDetectMissesAnAlert(t *testing.T) {
	w := &world{sidekick: expected, loki: expected[:1]}
	newWorld(t, devConfig, w)
	var out bytes.Buffer
	err := run(context.Background(), &out, "dev", time.Second, 10*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "1 of 4 expected alerts did not arrive") {
		t.Errorf("%v\n%s", err, out.String())
	}
	w.check(t, true)
}

func TestDetectIsInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	w := &world{onPoll: interrupt}
	newWorld(t, devConfig, w)
	if err := run(ctx, &bytes.Buffer{}, "dev", time.Minute, 10*time.Millisecond); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want an error that says it was interrupted", err)
	}
	w.check(t, true)
}

func TestDetectRefuses(t *testing.T) {
	for _, c := range []struct{ name, stack, config, message string }{
		{"no stack", "", devConfig, "name a stack"},
		{"a production profile", "live", `{"doks-security:profile":{"value":"prod"}}`, "its profile is prod"},
		{"a production project", "live", `{"doks-security:project":{"objectValue":{"environment":"Production"}}}`,
			"project.environment is Production"},
		{"a protected cluster", "live", `{"doks-security:cluster":{"objectValue":{"protect":true}}}`,
			"cluster.protect is true"},
		{"settings that cannot be read", "dev", `nothing`, "reading the settings of dev"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{}
			newWorld(t, c.config, w)
			err := run(context.Background(), &bytes.Buffer{}, c.stack, time.Minute, time.Millisecond)
			if err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%v, want %q", err, c.message)
			}
			w.check(t, false)
		})
	}
}

// check holds what kubectl did against what was started: it is removed again, and nothing without need.
func (w *world) check(t *testing.T, started bool) {
	t.Helper()
	log, err := os.ReadFile(w.log)
	if !started {
		if err == nil {
			t.Errorf("kubectl was asked to\n%s", log)
		}
		return
	}
	namespace := namespaceInLog.FindString(string(log[bytes.Index(log, []byte("kind: Namespace")):]))
	for _, want := range []string{"apply -f -", "--namespace obs-falco port-forward", "--namespace team-logs port-forward",
		"image: ghcr.io/loft-sh/vcluster-pro:", "image: falcosecurity/event-generator:",
		"delete namespace " + namespace + " --ignore-not-found --wait=false"} {
		if !strings.Contains(string(log), want) {
			t.Errorf("kubectl was not asked to %s\n%s", want, log)
		}
	}
}
