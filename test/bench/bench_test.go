package bench

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A row is replaced by what was measured; what could not be measured keeps its last row.
func TestUpdatePage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "performance.md")
	update := func(results ...Measure) string {
		t.Helper()
		if err := UpdatePage(file, results); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, rows, _ := strings.Cut(string(text), "|---|---|---|---|\n")
		return rows
	}
	build := Measure{Name: "build", Elapsed: 164 * time.Second, CPU: 282 * time.Second, MemoryMB: 4500}
	preview := Measure{Name: "preview", Elapsed: 1600 * time.Millisecond, CPU: 1550 * time.Millisecond}
	want := "| build | 164 s | 282 s | 4.5 GB |\n| preview | 1.6 s | 1.6 s |  |\n"
	if got := update(build, preview); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	preview = Measure{Name: "preview", Skipped: "no pulumi-language-go"}
	build.CPU = 100 * time.Second
	want = "| build | 164 s | 100 s | 4.5 GB |\n| preview | 1.6 s | 1.6 s |  |\n"
	if got := update(build, preview); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// The middle of three runs after the first is measured, and only if it did what it should.
func TestWarm(t *testing.T) {
	b := &bench{out: io.Discard}
	times := []string{"0", "1.5", "0", "0.7"}
	err := b.warm("sleep", "slept", func() *exec.Cmd {
		next := times[0]
		times = times[1:]
		return exec.Command("sh", "-c", "sleep "+next+"; echo slept")
	})
	if got := b.results; err != nil || len(got) != 1 || got[0].Elapsed < 700*time.Millisecond ||
		got[0].Elapsed > 1500*time.Millisecond {
		t.Errorf("measured %+v, %v", got, err)
	}
	err = b.warm("sleep", "slept", func() *exec.Cmd { return exec.Command("echo", "nothing to do") })
	if err == nil || !strings.Contains(err.Error(), "nothing to do") || len(b.results) != 1 {
		t.Errorf("error %v; measured %+v", err, b.results)
	}
}

// The page is the one that make bench writes here, but for the numbers.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(head, "$CORES") {
		if !strings.Contains(string(text), part) {
			t.Errorf("docs/performance.md does not have this of page.md; make bench writes it:\n%s", part)
		}
	}
}
