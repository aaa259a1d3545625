package judge

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
)

// Stock pins a file of Falco's own rules.
type Stock struct {
	Name   string
	URL    string
	SHA256 string
}

// StockRules is falco-rules 5.1.0, which values/falco.yaml pins for falcoctl too.
var StockRules = Stock{
	Name:   "falco_rules.yaml",
	URL:    "https://raw.githubusercontent.com/falcosecurity/rules/falco-rules-5.1.0/rules/falco_rules.yaml",
	SHA256: "1c15d5d543635b76e31cca39d7df8bf4caf50a428613c314d92986a23bfcb617",
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
