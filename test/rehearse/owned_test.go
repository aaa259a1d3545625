package rehearse

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ownUntilKilled is the process of startOwner.
func ownUntilKilled() error {
	own, err := newOwned()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(own.path, "content"), make([]byte, 1<<20), 0o600); err != nil {
		return err
	}
	fmt.Println(own.path)
	select {}
}

// startOwner starts another process that owns a directory.
func startOwner(t *testing.T) (process *exec.Cmd, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "owner")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	process = exec.Command(link)
	out, err := process.StdoutPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Process.Kill() })
	dir, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return process, strings.TrimSpace(dir)
}

func exists(dir string) bool {
	_, err := os.Stat(dir)
	return !errors.Is(err, os.ErrNotExist)
}

// A killed process cannot remove its directory: the next rehearsal does. It leaves those of running processes.
func TestSweep(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	_, running := startOwner(t)
	var killed []string
	for _, sent := range []syscall.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGKILL} {
		if signal.Ignored(sent) {
			continue // as nohup has it: processes inherit that
		}
		process, dir := startOwner(t)
		if err := process.Process.Signal(sent); err != nil {
			t.Fatal(err)
		}
		_ = process.Wait() // by the signal
		if !exists(dir) {
			t.Fatalf("%s: the process removed its directory itself", sent)
		}
		killed = append(killed, dir)
	}
	starting, old := filepath.Join(os.TempDir(), ownedPrefix+"1"), filepath.Join(os.TempDir(), ownedPrefix+"2")
	foreign := filepath.Join(os.TempDir(), "other")
	for _, dir := range []string{starting, old, foreign} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-2*unlockedTime)); err != nil {
		t.Fatal(err)
	}

	own, err := newOwned()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range append(killed, old) {
		if exists(dir) {
			t.Errorf("%s is still there", dir)
		}
	}
	for _, dir := range []string{running, starting, foreign, own.path} {
		if !exists(dir) {
			t.Errorf("%s was removed", dir)
		}
	}
	if err := own.remove(); err != nil || exists(own.path) {
		t.Errorf("%s is still there: %v", own.path, err)
	}
}
