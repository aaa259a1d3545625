package components

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"doks-security/values"
)

// captures is a directory of captures, with the script that keeps it below 1 MiB.
type captures struct {
	*testing.T
	dir, path string // path has the script's commands; empty: those of the machine
	pause     string // between looks, in seconds
	process   *exec.Cmd
	mu        sync.Mutex
	printed   bytes.Buffer
}

func (c *captures) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.printed.Write(p)
}

// lines are what the script printed since its start: "written 1 500" is falco_1.scap of 500 KiB.
func (c *captures) lines() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	short := strings.NewReplacer(`{"message":"capture `, "", `","file":"falco_`, " ", `.scap","bytes":`, " ",
		"000}\n", "; ")
	return strings.TrimSuffix(short.Replace(c.printed.String()), "; ")
}

func (c *captures) start() {
	c.Helper()
	c.printed.Reset()
	c.process = exec.Command("sh", "-c", capturesScript, "captures", "1", c.pause)
	if c.path != "" {
		c.process.Path, c.process.Env = filepath.Join(c.path, "sh"), []string{"PATH=" + c.path}
	}
	c.process.Dir, c.process.Stdout, c.process.Stderr = c.dir, c, c
	if err := c.process.Start(); err != nil {
		c.Fatal(err)
	}
}

// stop ends the script as the kubelet does. Wait returns once no process has its output.
func (c *captures) stop() {
	c.Helper()
	if err := c.process.Process.Signal(syscall.SIGTERM); err != nil {
		c.Fatal(err)
	}
	if err := c.process.Wait(); err != nil {
		c.Errorf("it ends with %v", err)
	}
}

// append writes kB to a file.
func (c *captures) append(file string, kB int) {
	c.Helper()
	opened, err := os.OpenFile(filepath.Join(c.dir, file), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		c.Fatal(err)
	}
	if _, err := opened.Write(make([]byte, kB*1000)); err != nil {
		c.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		c.Fatal(err)
	}
}

// want waits for lines, and compares the files that are left.
func (c *captures) want(lines string, left ...string) {
	c.Helper()
	for start := time.Now(); c.lines() != lines; time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			c.Fatalf("printed %q, want %q", c.lines(), lines)
		}
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		c.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if !slices.Equal(names, left) {
		c.Errorf("left are %q, want %q", names, left)
	}
}

// grow appends kB to a file in small parts, for about two seconds.
func (c *captures) grow(file string, kB int) {
	c.Helper()
	const parts = 50
	for range parts {
		c.append(file, kB/parts)
		time.Sleep(2 * time.Second / parts)
	}
}

// withShells runs a test with the machine's commands and, where it is installed, with those of busybox, which Falco's
// image has.
func withShells(t *testing.T, test func(c *captures)) {
	t.Parallel()
	t.Run("sh", func(t *testing.T) {
		t.Parallel()
		test(&captures{T: t, dir: t.TempDir(), pause: "0.1"})
	})
	t.Run("busybox", func(t *testing.T) {
		busybox, err := exec.LookPath("busybox")
		if err != nil {
			t.Skip("busybox is not installed")
		}
		t.Parallel()
		path := t.TempDir()
		for _, applet := range []string{"sh", "awk", "ls", "rm", "sleep"} {
			if err := os.Symlink(busybox, filepath.Join(path, applet)); err != nil {
				t.Fatal(err)
			}
		}
		test(&captures{T: t, dir: t.TempDir(), path: path, pause: "0.1"})
	})
}

// The oldest are deleted, and each file is reported once: with a newer one behind it, or when it is quiet for long.
func TestCapturesAreKeptBelowALimit(t *testing.T) {
	withShells(t, func(c *captures) {
		c.start()
		defer c.stop()
		time.Sleep(300 * time.Millisecond)
		c.want("")
		c.append("notes.txt", 2000)
		c.append("falco_1.scap", 400)
		c.want("written 1 400", "falco_1.scap", "notes.txt")
		c.append("falco_2.scap", 400)
		c.append("falco_3.scap", 100)
		c.want("written 1 400; written 2 400; written 3 100",
			"falco_1.scap", "falco_2.scap", "falco_3.scap", "notes.txt")
		c.append("falco_4.scap", 200)
		c.want("written 1 400; written 2 400; written 3 100; deleted 1 400; written 4 200",
			"falco_2.scap", "falco_3.scap", "falco_4.scap", "notes.txt")
	})
}

// What Falco still writes is neither reported nor deleted: the newest, also alone over the limit, and one that grows
// with an older name, as after a correction of the clock.
func TestCapturesThatGrow(t *testing.T) {
	withShells(t, func(c *captures) {
		c.pause = "1"
		c.append("falco_2.scap", 700)
		c.start()
		defer c.stop()
		c.grow("falco_1.scap", 500)
		c.want("", "falco_1.scap", "falco_2.scap")
		c.want("written 1 500; deleted 1 500", "falco_2.scap")
		c.grow("falco_9.scap", 2500)
		c.want("written 1 500; deleted 1 500; written 2 700; deleted 2 700", "falco_9.scap")
	})
}

// A restart reports what there is, and deletes nothing below the limit.
func TestCapturesAfterARestart(t *testing.T) {
	withShells(t, func(c *captures) {
		c.append("falco_1.scap", 300)
		c.append("falco_2.scap", 400)
		for range 2 {
			c.start()
			c.want("written 1 300; written 2 400", "falco_1.scap", "falco_2.scap")
			c.stop()
		}
	})
}

// The names of more would not fit the container's memory.
func TestCapturesAreKeptBelowANumber(t *testing.T) {
	withShells(t, func(c *captures) {
		for i := range 10_002 {
			c.append(fmt.Sprintf("falco_%05d.scap", i), 0)
		}
		c.start()
		defer c.stop()
		for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
			entries, err := os.ReadDir(c.dir)
			if err != nil {
				c.Fatal(err)
			}
			if len(entries) == 10_000 && entries[0].Name() == "falco_00002.scap" {
				return
			}
			if time.Since(start) > 20*time.Second {
				c.Fatalf("%d files are left, the oldest %s", len(entries), entries[0].Name())
			}
		}
	})
}

// A script whose awk ends is restarted as one that failed.
func TestCapturesEndWithAwk(t *testing.T) {
	path := t.TempDir()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(sh, filepath.Join(path, "sh")),
		os.WriteFile(filepath.Join(path, "awk"), []byte("#!"+sh+"\nexit 3\n"), 0o700)); err != nil {
		t.Fatal(err)
	}
	c := &captures{T: t, dir: t.TempDir(), path: path}
	c.start()
	if err := c.process.Wait(); c.process.ProcessState.ExitCode() != 3 {
		t.Errorf("it ends with %v", err)
	}
}

// An override of Falco's image is one of the container next to it: a registry that nodes may pull from.
func TestImageOfCaptures(t *testing.T) {
	chart := values.Chart{AppVersion: "1.2.3"}
	for want, image := range map[string]map[string]any{
		"docker.io/falcosecurity/falco:1.2.3":            nil,
		"registry.example.org/falcosecurity/falco:1.2.3": {"registry": "registry.example.org"},
		"local/falco:1.2.3":                              {"registry": "", "repository": "local/falco"},
		"falcosecurity/falco:1.2.3":                      {"registry": nil, "tag": "", "repository": nil},
		"registry.example.org/mirror/falco:1.2.3@sha256:abcde": {
			"registry": "registry.example.org", "repository": "mirror/falco", "tag": "1.2.3@sha256:abcde"},
	} {
		overridden := map[string]any{"resources": map[string]any{}}
		if image != nil {
			overridden["image"] = image
		}
		if got := falcoImage(chart, overridden); got != want {
			t.Errorf("image %s, want %s", got, want)
		}
	}
}
