// Package state tries the ways to keep a stack's state and secrets that docs/state.md describes, with the real CLI:
// local files and S3, locks, the way from one to the other, and other secrets providers.
package state

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/test/rehearse/rehearsetest"
)

// secret is what a stack of these tests holds, and no file may in plain text.
const secret = "hidden-output"

// project is a Pulumi project with its CLI.
type project struct {
	t   *testing.T
	dir string
	cli auto.PulumiCommand
	env map[string]string
}

func newProject(t *testing.T) *project {
	t.Helper()
	cli, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: rehearsetest.CLI(t)})
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, dir: t.TempDir(), cli: cli, env: map[string]string{
		"PULUMI_HOME": t.TempDir(), "PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_CONFIG_PASSPHRASE": "first",
		"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
		// What the user's own environment names must not be reached.
		"PULUMI_BACKEND_URL": "", "PULUMI_ACCESS_TOKEN": "", "AWS_PROFILE": "", "AWS_SESSION_TOKEN": "",
		"AWS_ENDPOINT_URL": "",
		"AWS_CONFIG_FILE":  os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}}
	if err := os.WriteFile(filepath.Join(p.dir, "Pulumi.yaml"), []byte("name: state\nruntime: go\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// run runs the CLI, with input on its standard input.
func (p *project) run(input string, args ...string) (string, error) {
	env := os.Environ()
	for key, value := range p.env {
		env = append(env, key+"="+value)
	}
	stdout, stderr, _, err := p.cli.Run(p.t.Context(), p.dir, strings.NewReader(input), nil, nil, env,
		append(args, "--non-interactive")...)
	if err != nil {
		err = fmt.Errorf("pulumi %s: %w\n%s%s", strings.Join(args, " "), err, stdout, stderr)
	}
	return strings.TrimSpace(stdout), err
}

func (p *project) must(args ...string) string {
	p.t.Helper()
	out, err := p.run("", args...)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// up deploys a program with one secret output.
func (p *project) up(ctx context.Context, program pulumi.RunFunc) error {
	local, err := auto.NewLocalWorkspace(ctx, auto.Pulumi(p.cli), auto.WorkDir(p.dir),
		auto.PulumiHome(p.env["PULUMI_HOME"]),
		auto.Program(program), auto.EnvVars(maps.Clone(p.env)))
	if err != nil {
		return err
	}
	stack, err := auto.SelectStack(ctx, "dev", local)
	if err != nil {
		return err
	}
	_, err = stack.Up(ctx)
	return err
}

func withSecret(ctx *pulumi.Context) error {
	ctx.Export("password", pulumi.ToSecret(pulumi.String(secret)))
	return nil
}

// holds checks that the stack's output and its encrypted setting can be read.
func (p *project) holds() {
	p.t.Helper()
	if got := p.must("stack", "output", "password", "--show-secrets", "--stack", "dev"); got != secret {
		p.t.Errorf("the output is %q, want %q", got, secret)
	}
	if got := p.must("config", "get", "key", "--stack", "dev"); got != "hidden-setting" {
		p.t.Errorf("the setting is %q", got)
	}
}

// create logs in and makes the stack, as docs/state.md says.
func (p *project) create(backend string) {
	p.t.Helper()
	p.must("login", backend)
	p.must("stack", "init", "dev")
	p.must("config", "set", "--secret", "key", "hidden-setting", "--stack", "dev")
	if err := p.up(p.t.Context(), withSecret); err != nil {
		p.t.Fatal(err)
	}
	p.holds()
}

// onSpaces is the address in docs/state.md, with the endpoint of this machine's server.
func onSpaces(p *project) (address string) {
	p.t.Helper()
	address, _ = p.spaces()
	return address
}

func (p *project) spaces() (address string, server *spaces) {
	p.t.Helper()
	text, err := os.ReadFile("../../docs/state.md")
	if err != nil {
		p.t.Fatal(err)
	}
	match := regexp.MustCompile(`pulumi login '(s3://([a-z-]+)\?[^']+)'`).FindStringSubmatch(string(text))
	if match == nil {
		p.t.Fatal("docs/state.md logs in to no bucket")
	}
	const endpoint = "https://fra1.digitaloceanspaces.com"
	if !strings.Contains(match[1], endpoint) {
		p.t.Fatalf("%s has no endpoint in fra1", match[1])
	}
	server = newSpaces(p.t, match[2])
	p.env["AWS_CA_BUNDLE"] = server.authority
	return strings.Replace(match[1], endpoint, server.url, 1), server
}

// An update holds a lock that others see, and that can be taken away; then the state moves to the other backend.
func TestBackends(t *testing.T) {
	for _, c := range []struct {
		name      string
		from, to  func(*project) string
		isInFiles bool // the state is a directory
	}{
		{"from files to Spaces", inFiles, onSpaces, true},
		{"from Spaces to files", onSpaces, inFiles, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProject(t)
			from := c.from(p)
			p.create(from)
			if c.isInFiles {
				noPlainText(t, strings.TrimPrefix(from, "file://"))
			}
			p.lock()
			p.must("stack", "export", "--stack", "dev", "--file", "state.json")
			noPlainText(t, p.dir)
			p.must("login", c.to(p))
			p.must("stack", "init", "dev")
			p.must("stack", "import", "--stack", "dev", "--file", "state.json")
			p.holds()
			if err := p.up(t.Context(), withSecret); err != nil {
				t.Fatal(err)
			}
			p.must("logout")
			p.must("login", from)
			p.must("stack", "rm", "dev", "--force", "--preserve-config", "--yes")
			if _, err := os.Stat(filepath.Join(p.dir, "Pulumi.dev.yaml")); err != nil {
				t.Error(err)
			}
		})
	}
}

func inFiles(p *project) string { return "file://" + filepath.ToSlash(p.t.TempDir()) }

// lock starts an update that does not end, and tries what others can do then.
func (p *project) lock() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	running, release, ended := make(chan bool), make(chan bool), make(chan error, 1)
	go func() {
		ended <- p.up(ctx, func(ctx *pulumi.Context) error {
			if !ctx.DryRun() {
				running <- true
				<-release
			}
			return withSecret(ctx)
		})
	}()
	select {
	case <-running:
	case err := <-ended:
		p.t.Fatal("the update did not run:", err)
	}
	if _, err := p.run("", "refresh", "--yes", "--stack", "dev"); err == nil ||
		!strings.Contains(err.Error(), "the stack is currently locked by 1 lock(s)") {
		p.t.Errorf("a second update: %v, want an error about the lock", err)
	}
	p.must("cancel", "dev", "--yes")
	p.must("refresh", "--yes", "--stack", "dev")
	close(release)
	p.t.Log("the first update, which lost its lock:", <-ended)
	if err := p.up(p.t.Context(), withSecret); err != nil {
		p.t.Error(err)
	}
}

func noPlainText(t *testing.T, dir string) {
	t.Helper()
	searched := 0
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		searched++
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("hidden-")) {
			t.Errorf("%s holds a secret in plain text", path)
		}
		return err
	})
	if err != nil || searched == 0 {
		t.Errorf("%d files searched in %s: %v", searched, dir, err)
	}
}

// What a stack holds survives a change of what encrypts it, and cannot be read with the old key or none.
func TestSecretsProviders(t *testing.T) {
	kms, vault := newKMS(t), newVault(t)
	for _, c := range []struct {
		name, provider, input string
		env                   map[string]string // afterwards
		without               map[string]string // what must not do
	}{
		{"another passphrase", "passphrase", "second\n", map[string]string{"PULUMI_CONFIG_PASSPHRASE": "second"},
			map[string]string{"PULUMI_CONFIG_PASSPHRASE": "first"}},
		{"Vault", "hashivault://pulumi", "", nil, map[string]string{"VAULT_TOKEN": "another"}},
		{"AWS KMS", "awskms://alias/pulumi?region=eu-central-1&endpoint=" + kms, "", nil,
			map[string]string{"AWS_SECRET_ACCESS_KEY": "", "AWS_ACCESS_KEY_ID": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProject(t)
			p.env["VAULT_ADDR"], p.env["VAULT_TOKEN"] = vault, "token"
			p.create(inFiles(p))
			if _, err := p.run(c.input, "stack", "change-secrets-provider", c.provider, "--stack", "dev"); err != nil {
				t.Fatal(err)
			}
			maps.Copy(p.env, c.env)
			p.holds()
			if err := p.up(t.Context(), withSecret); err != nil {
				t.Fatal(err)
			}
			maps.Copy(p.env, c.without)
			if out, err := p.run("", "config", "get", "key", "--stack", "dev"); err == nil {
				t.Errorf("the setting is %q without its key", out)
			}
		})
	}
}

// Stores built on Ceph may refuse checksums. The parameters in docs/state.md stop the CLI from asking for them and from
// sending them. Some older versions sent them all the same (pulumi/pulumi#23764); with Pulumi 3.274, uploads carry none
// without the parameters either.
func TestChecksums(t *testing.T) {
	p := newProject(t)
	address, server := p.spaces()
	p.create(address)
	if len(server.reads) > 0 {
		t.Errorf("reads ask for checksums: %v", server.reads)
	}
	if len(server.uploads) > 0 {
		t.Errorf("uploads send checksums: %v", server.uploads)
	}
	bare, _, _ := strings.Cut(address, "&request_checksum_calculation")
	p.must("login", bare)
	p.holds()
	if len(server.reads) == 0 {
		t.Error("without the parameters reads ask for no checksum either: docs/state.md can leave them out")
	}
}
