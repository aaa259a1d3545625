package pipeline

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// silent accepts connections and never answers. It returns its URL.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return "http://" + listener.Addr().String()
}

// The limit of falcosidekick's memory holds the burst of docs/scaling.md while none of its outputs answers: then every
// event waits in memory for each of them.
func TestBurstFitsIntoTheMemory(t *testing.T) {
	const events, senders, lasts = 10_000, 3, 10 * time.Second
	for _, c := range []struct {
		profile       string
		alertmanagers int
	}{{"dev", 1}, {"prod", 3}} {
		t.Run(c.profile, func(t *testing.T) {
			l, _ := newLab(t, "falcosidekick")
			args := FalcosidekickArgs{Stack: render(t, c.profile, ""), UI: silent(t)}
			for range c.alertmanagers {
				args.Alertmanagers = append(args.Alertmanagers, silent(t))
			}
			f, err := l.StartFalcosidekick(t.Context(), args)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := f.MemoryMiB(); err != nil {
				t.Skip("the memory of a process is read from /proc:", err)
			}
			var group sync.WaitGroup
			errs := make(chan error, events)
			start := time.Now()
			for sender := range senders {
				group.Go(func() {
					for i := sender; i < events; i += senders {
						time.Sleep(time.Until(start.Add(lasts / events * time.Duration(i))))
						e := Event{Rule: "Read sensitive file untrusted", Priority: "Error", Output: strings.Repeat("x", 700),
							Fields: map[string]any{"proc.cmdline": fmt.Sprintf("cat /etc/shadow %d", i)}}
						if err := f.Send(t.Context(), e); err != nil {
							errs <- err
						}
					}
				})
			}
			group.Wait()
			if len(errs) > 0 {
				t.Fatalf("%d events were not accepted: %v", len(errs), <-errs)
			}
			_, most, err := f.MemoryMiB()
			if err != nil {
				t.Fatal(err)
			}
			limit := memoryLimit(t, args.Stack, "falco", "falcosidekick", "resources", "limits", "memory")
			t.Logf("%d events in %s: %d MiB of %d", events, time.Since(start).Round(time.Second), most, limit)
			if most > limit*9/10 {
				t.Errorf("%d MiB, want at most nine tenths of the limit, %d MiB", most, limit)
			}
		})
	}
}

// memoryLimit is a limit of a release, in MiB.
func memoryLimit(t *testing.T, s *Stack, folder string, path ...string) int {
	t.Helper()
	text, err := at[string](s, folder, path...)
	if err != nil {
		t.Fatal(err)
	}
	limit, err := resource.ParseQuantity(text)
	if err != nil {
		t.Fatal(err)
	}
	return int(limit.Value() >> 20)
}

// It starts without a complaint about its configuration, and its events have no empty tag.
func TestFalcosidekickTakesItsConfiguration(t *testing.T) {
	l, sink := newLab(t, "falcosidekick")
	f, err := l.StartFalcosidekick(t.Context(), FalcosidekickArgs{Stack: render(t, "dev", ""), UI: sink.URL("ui")})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Send(t.Context(), Event{Rule: "a", Priority: "Notice", Tags: []string{"T1555"}}); err != nil {
		t.Fatal(err)
	}
	messages := sink.Await(1, 10*time.Second, To("ui"))
	if len(messages) != 1 || !strings.Contains(messages[0].Body, `"tags":["T1555","falco"]`) {
		t.Errorf("the UI gets %v, want one event with the tags T1555 and falco", messages)
	}
	for line := range strings.Lines(f.Log()) {
		if strings.Contains(line, "ERROR") {
			t.Errorf("it complains: %s", line)
		}
	}
	if !strings.Contains(f.Log(), "WebUI - Max concurrent requests: 10") {
		t.Error("it delivers one event at a time")
	}
}
