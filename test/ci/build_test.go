package ci

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Which pulumi a rehearsal runs: a new enough one on PATH, wherever that is, and never the rehearsals' own.
func TestBuildChoosesPulumi(t *testing.T) {
	const newer, older = "v9.0.0", "v3.1.0"
	for _, c := range []struct {
		name    string
		on      map[string]string // the version of pulumi in a directory of the project
		path    string            // directories, first on PATH; $PWD is the project
		release string            // what the release's pulumi prints; empty without internet
		sum     string            // its checksum; empty: the right one
		want    string            // what bin/cli/bin/pulumi prints
	}{
		{name: "none", want: "built"},
		{name: "installed", on: map[string]string{"usr": newer}, path: "$PWD/usr", release: "released", want: newer},
		{name: "too old", on: map[string]string{"usr": older}, path: "$PWD/usr", want: "built"},
		{name: "a relative entry", on: map[string]string{"usr": newer}, path: "usr", want: newer},
		{name: "its own directory first", on: map[string]string{"bin/cli/bin": newer, "usr": "v9.0.1"},
			path: "$PWD/bin/cli/bin:$PWD/usr", want: "v9.0.1"},
		{name: "its own directory only", on: map[string]string{"bin/cli/bin": newer}, path: "$PWD/bin/cli/bin",
			want: "built"},
		{name: "a space in the path", on: map[string]string{"my tools": newer}, path: "$PWD/my tools", want: newer},
		{name: "with internet", release: "released", want: "released"},
		{name: "too old, with internet", on: map[string]string{"usr": older}, path: "$PWD/usr", release: "released",
			want: "released"},
		{name: "a release with another checksum", release: "released", sum: strings.Repeat("0", 64), want: "built"},
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
			write(t, filepath.Join(dir, "go/curl"), `#!/bin/sh
[ -d release ] || exit 6
while [ $# -gt 0 ]; do
	case $1 in
	-o) to=$2; shift ;;
	https://github.com/*-checksums.txt) cp release/sums "$to" ;;
	https://github.com/*.tar.gz) cp release/archive "$to" ;;
	esac
	shift
done
`)
			if c.release != "" {
				writeRelease(t, filepath.Join(dir, "release"), c.release, c.sum)
			}
			for _, pattern := range []string{"test/build", "test/ldflags", "go/*", "*/pulumi", "bin/cli/bin/pulumi"} {
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

// writeRelease writes what GitHub has of a release of Pulumi: the archive, and the checksums of those of all platforms.
func writeRelease(t *testing.T, dir, prints, sum string) {
	t.Helper()
	for _, program := range []string{"pulumi", "pulumi-language-go"} {
		write(t, filepath.Join(dir, "pulumi", program), "echo "+prints+"\n")
	}
	if out, err := exec.Command("tar", "-czf", dir+"/archive", "-C", dir, "pulumi").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	archive, err := os.ReadFile(dir + "/archive")
	if err != nil {
		t.Fatal(err)
	}
	if sum == "" {
		sum = fmt.Sprintf("%x", sha256.Sum256(archive))
	}
	var sums strings.Builder
	version := regexp.MustCompile(`pulumi/pkg/v3 (v\S+)`)
	pins, err := os.ReadFile("../../tools/pulumi/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, platform := range []string{"darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"} {
		fmt.Fprintf(&sums, "%s  pulumi-%s-%s.tar.gz\n", sum, version.FindSubmatch(pins)[1], platform)
	}
	write(t, dir+"/sums", sums.String())
}
