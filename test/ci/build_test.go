package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Which pulumi a rehearsal runs: a new enough one on PATH, wherever that is, and never the rehearsals' own.
func TestBuildChoosesPulumi(t *testing.T) {
	const newer, older = "v9.0.0", "v3.1.0"
	for _, c := range []struct {
		name string
		on   map[string]string // the version of pulumi in a directory of the project
		path string            // directories, first on PATH; $PWD is the project
		want string            // what bin/cli/bin/pulumi prints
	}{
		{"none", nil, "", "built"},
		{"installed", map[string]string{"usr": newer}, "$PWD/usr", newer},
		{"too old", map[string]string{"usr": older}, "$PWD/usr", "built"},
		{"a relative entry", map[string]string{"usr": newer}, "usr", newer},
		{"its own directory first", map[string]string{"bin/cli/bin": newer, "usr": "v9.0.1"},
			"$PWD/bin/cli/bin:$PWD/usr", "v9.0.1"},
		{"its own directory only", map[string]string{"bin/cli/bin": newer}, "$PWD/bin/cli/bin", "built"},
		{"a space in the path", map[string]string{"my tools": newer}, "$PWD/my tools", newer},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"test/build", "test/ldflags", "test/go.mod", "tools/pulumi/go.mod"} {
				text, err := os.ReadFile(filepath.Join("../..", name))
				if err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(dir, name), string(text))
			}
			// Instead of compiling, go writes a pulumi where -o says.
			write(t, filepath.Join(dir, "go/go"), `#!/bin/sh
for arg; do
	case $arg in */bin/pulumi) echo "echo built" >bin/cli/bin/pulumi; chmod +x bin/cli/bin/pulumi;; esac
done
`)
			for name, version := range c.on {
				write(t, filepath.Join(dir, name, "pulumi"), "#!/bin/sh\necho "+version+"\n")
			}
			for _, pattern := range []string{"test/build", "test/ldflags", "go/go", "*/pulumi", "bin/cli/bin/pulumi"} {
				programs, err := filepath.Glob(filepath.Join(dir, pattern))
				if err != nil {
					t.Fatal(err)
				}
				for _, program := range programs {
					if err := os.Chmod(program, 0o755); err != nil {
						t.Fatal(err)
					}
				}
			}
			path := strings.Join([]string{dir + "/go", strings.ReplaceAll(c.path, "$PWD", dir), "/usr/bin", "/bin"}, ":")
			env := append(os.Environ(), "PATH="+path)
			build := exec.Command(filepath.Join(dir, "test/build"))
			build.Dir, build.Env = dir, env
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			out, err := exec.Command("sh", filepath.Join(dir, "bin/cli/bin/pulumi")).Output()
			if err != nil || strings.TrimSpace(string(out)) != c.want {
				t.Errorf("it runs %q (%v), want %q", out, err, c.want)
			}
		})
	}
}
