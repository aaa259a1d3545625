package charts

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"doks-security/values"
)

const (
	// requestTime is how long one file may take: an index can have several megabytes.
	requestTime = 2 * time.Minute
	// largest is the most that is read of one file, in bytes.
	largest = 64 << 20
)

// repository is where archives come from.
type repository interface {
	archive(context.Context, values.Chart) ([]byte, error)
}

// client reads files over HTTP.
type client struct {
	http    *http.Client
	timeout time.Duration // of each request, with its answer
}

// newClient has the transport of net/http, which takes its proxy from the environment.
func newClient() *client { return &client{http: http.DefaultClient, timeout: requestTime} }

// open makes a repository of its address.
func (c *client) open(address string) repository {
	address = strings.TrimSuffix(address, "/")
	if name, ok := strings.CutPrefix(address, "oci://"); ok {
		host, path, _ := strings.Cut(name, "/")
		return registry{client: c, host: host, path: path}
	}
	if isDirectory(address) {
		return directory(address)
	}
	return &helmRepository{client: c, address: address}
}

func isDirectory(address string) bool { return !strings.Contains(address, "://") }

// directory has archives as files.
type directory string

func (d directory) archive(_ context.Context, pin values.Chart) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), file(pin)))
}

// get reads a file.
func (c *client) get(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err // it names the method and the address
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, largest+1))
	if err == nil && len(content) > largest {
		err = fmt.Errorf("more than %d MiB", largest>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", address, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %d %s", address, response.StatusCode, http.StatusText(response.StatusCode))
	}
	return content, nil
}
