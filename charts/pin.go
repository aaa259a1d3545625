package charts

import (
	"context"
	"fmt"
	"os"
	"strings"

	"gopkg.in/yaml.v3"

	"doks-security/values"
)

// Pin fetches a chart without a pinned sha256 into dir, also when there is one already, and returns its pin with the
// sha256 of what its repository serves. The error is of type Errors.
func Pin(ctx context.Context, dir string, chart values.Chart) (values.Chart, error) {
	return pin(ctx, newClient(), dir, chart)
}

func pin(ctx context.Context, c *client, dir string, chart values.Chart) (values.Chart, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return chart, fmt.Errorf("making the directory of charts: %w", err)
	}
	if err := (Source{}).bring(ctx, c.open(chart.Repository), dir, chart); err != nil {
		return chart, Errors{*err}
	}
	content, err := os.ReadFile(Archive(dir, chart))
	if err != nil {
		return chart, err
	}
	chart.SHA256 = Digest(content)
	return chart, nil
}

// WritePin enters a sha256 into the text of a chart.yaml, and leaves everything else as it is.
func WritePin(text []byte, digest string) ([]byte, error) {
	var document struct {
		SHA256 yaml.Node `yaml:"sha256"`
	}
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("reading the chart's pin: %w", err)
	}
	at := document.SHA256
	if at.Kind != yaml.ScalarNode || at.Value != "" {
		return nil, fmt.Errorf("no line sha256: \"\" to enter sha256: %q", digest)
	}
	lines := strings.Split(string(text), "\n")
	lines[at.Line-1] = fmt.Sprintf("sha256: %q", digest)
	return []byte(strings.Join(lines, "\n")), nil
}
