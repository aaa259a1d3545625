package lint

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
)

// Rulesets of falcosecurity/rules, by maturity. Each loads those before it as well.
const (
	Stable     = "stable"
	Incubating = "incubating"
	Sandbox    = "sandbox"
)

// Stock pins a file of Falco's own rules.
type Stock struct {
	Ruleset string
	Ref     string // the artifact for falcoctl
	Name    string // of the file
	URL     string
	SHA256  string // of the file
	names   string
}

// stocks are in the order in which Falco loads them.
var stocks = []Stock{
	published(Stable, "falco-rules", "5.1.0", "falco_rules.yaml",
		"1c15d5d543635b76e31cca39d7df8bf4caf50a428613c314d92986a23bfcb617", stableNames),
	published(Incubating, "falco-incubating-rules", "6.0.1", "falco-incubating_rules.yaml",
		"47bf87041e2f39ca336e7acf1ae4e6183771a92e81031f367d01f2b49cabe1ac", incubatingNames),
	published(Sandbox, "falco-sandbox-rules", "6.1.0", "falco-sandbox_rules.yaml",
		"6849ec5e9b55ba81ca5214559dc1a1c32e051acc0a7791da7841a850f853f59a", sandboxNames),
}

func published(ruleset, artifact, version, file, digest, names string) Stock {
	return Stock{
		Ruleset: ruleset, Ref: artifact + ":" + version, Name: file, SHA256: digest, names: names,
		URL: "https://raw.githubusercontent.com/falcosecurity/rules/" + artifact + "-" + version + "/rules/" + file,
	}
}

// Rulesets are the values of a ruleset.
func Rulesets() []string { return []string{Stable, Incubating, Sandbox} }

// StocksOf are the files that a ruleset loads, in this order. The empty ruleset is Stable; one that is not of Rulesets
// loads no file.
func StocksOf(ruleset string) []Stock {
	if ruleset == "" {
		ruleset = Stable
	}
	return stocks[:slices.Index(Rulesets(), ruleset)+1]
}

// Read reads the file. Another digest than the pinned one is an error.
func (s Stock) Read(path string) (File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	return s.file(text)
}

// Fetch reads the file from the directory, and downloads it there first when it is missing. Another digest than the
// pinned one is an error.
func (s Stock) Fetch(ctx context.Context, dir string) (File, error) {
	path := filepath.Join(dir, s.Name)
	if file, err := s.Read(path); !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	text, err := s.download(ctx)
	if err != nil {
		return File{}, fmt.Errorf("fetching Falco's own rules: %w", err)
	}
	file, err := s.file(text)
	if err != nil {
		return File{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return File{}, fmt.Errorf("keeping Falco's own rules: %w", err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return File{}, fmt.Errorf("keeping Falco's own rules: %w", err)
	}
	return file, nil
}

func (s Stock) file(text []byte) (File, error) {
	if digest := fmt.Sprintf("%x", sha256.Sum256(text)); digest != s.SHA256 {
		return File{}, fmt.Errorf("%s: sha256 %s, want %s", s.Name, digest, s.SHA256)
	}
	return File{Name: s.Name, Text: string(text), Stock: true}, nil
}

func (s Stock) download(ctx context.Context) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", s.URL, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, maxFile))
}
