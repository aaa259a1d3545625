package evidence

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestArchive(t *testing.T) {
	committed := time.Unix(1700000000, 0)
	archive := func(changed string) []byte {
		dir := filepath.Join(t.TempDir(), "dev")
		if err := os.MkdirAll(filepath.Join(dir, "rules"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"b.txt": "b", "rules/a.yaml": changed} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out := filepath.Join(t.TempDir(), "dev.tar.gz")
		for range 2 { // a second run does not sum its own sums
			if err := Archive(dir, out, committed); err != nil {
				t.Fatal(err)
			}
		}
		packed, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		unpacked := t.TempDir()
		for _, command := range [][]string{
			{"tar", "-xzf", out, "-C", unpacked},
			{"sh", "-c", "cd " + unpacked + "/dev && sha256sum --check --strict SHA256SUMS"},
		} {
			if said, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("%q: %v\n%s", command, err, said)
			}
		}
		return packed
	}
	if !bytes.Equal(archive("a"), archive("a")) {
		t.Error("the same files are not the same archive")
	}
	if bytes.Equal(archive("a"), archive("c")) {
		t.Error("other files are the same archive")
	}
}
