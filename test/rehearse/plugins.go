package rehearse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	simulator "doks-security/test/digitalocean"
	"doks-security/test/fakeproviders"
	"doks-security/test/fakeproviders/digitalocean"
	"doks-security/test/fakeproviders/kubernetes"
	"doks-security/test/fakeproviders/random"
)

// pulumiVersion is the oldest CLI the program was tried with; cli/go.mod pins it.
const pulumiVersion = "3.274.1"

// downloadTime is how long a plugin may take to arrive.
const downloadTime = 3 * time.Minute

// plugins are the providers of one rehearsal: published plugins, which the engine starts itself, or our stand-ins.
type plugins struct {
	ports  []string  // package:port of every stand-in
	cancel chan bool // ends them
}

// choosePlugins takes the published plugins if they are installed or can be; else the stand-ins, and says so.
// REHEARSE_PLUGINS=published or stand-ins decides instead.
func choosePlugins(ctx context.Context, cli auto.PulumiCommand, w *workspace, r *report) (*plugins, error) {
	choice := os.Getenv("REHEARSE_PLUGINS")
	if !slices.Contains([]string{"", "published", "stand-ins"}, choice) {
		return nil, fmt.Errorf("REHEARSE_PLUGINS: %q; allowed: published, stand-ins, or nothing to use what can be had",
			choice)
	}
	if choice != "stand-ins" {
		err := installPublished(ctx, cli, w)
		if err == nil {
			v := fakeproviders.Published
			r.note("provider plugins: published (digitalocean %s, kubernetes %s, random %s)", v["digitalocean"], v["kubernetes"],
				v["random"])
			return &plugins{}, nil
		}
		if choice == "published" || ctx.Err() != nil {
			return nil, err
		}
		r.note("provider plugins: stand-ins; the published ones cannot be installed here: %s", firstLine(err))
	} else {
		r.note("provider plugins: stand-ins, as asked")
	}
	return serveStandIns(w)
}

// installPublished links the user's plugin directory into the workspace: what is downloaded once is there for pulumi up
// as well.
func installPublished(ctx context.Context, cli auto.PulumiCommand, w *workspace) error {
	home := os.Getenv("PULUMI_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return fmt.Errorf("finding the plugin directory: %w", err)
		}
		home = filepath.Join(user, ".pulumi")
	}
	shared := filepath.Join(home, "plugins")
	for name, version := range fakeproviders.Published {
		if _, err := os.Stat(filepath.Join(shared, "resource-"+name+"-v"+version)); err == nil {
			continue
		}
		if err := download(ctx, cli, w.dir, home, name, version); err != nil {
			return err
		}
	}
	return os.Symlink(shared, filepath.Join(w.home, "plugins"))
}

// downloads are where the CLI looks for plugins, one after the other (sdk/go/common/workspace/plugins.go of Pulumi).
var downloads = []string{"https://api.github.com", "https://get.pulumi.com"}

// reachable asks servers until one answers. The CLI tries five times, and does not say why it failed.
func reachable(ctx context.Context, urls ...string) error {
	var errs []error
	for _, url := range urls {
		err := answers(ctx, url)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// answers takes any answer, which a server has a few seconds for.
func answers(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// unreachable is why a download failed: once a process is enough.
var unreachable error

func download(ctx context.Context, cli auto.PulumiCommand, dir, home, name, version string) error {
	if unreachable != nil {
		return unreachable
	}
	ctx, cancel := context.WithTimeout(ctx, downloadTime)
	defer cancel()
	err := install(ctx, cli, dir, home, name, version)
	if ctx.Err() == nil {
		unreachable = err
	}
	return err
}

func install(ctx context.Context, cli auto.PulumiCommand, dir, home, name, version string) error {
	if os.Getenv("PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES") == "" {
		if err := reachable(ctx, downloads...); err != nil {
			return err
		}
	}
	env := []string{"PULUMI_HOME=" + home, "PULUMI_SKIP_UPDATE_CHECK=true"}
	_, stderr, _, err := cli.Run(ctx, dir, nil, nil, nil, env, "plugin", "install", "resource", name, "v"+version)
	if err != nil {
		return fmt.Errorf("installing the %s plugin: %s", name, lastLine(stderr))
	}
	return nil
}

func serveStandIns(w *workspace) (*plugins, error) {
	p := &plugins{cancel: make(chan bool)}
	for _, provider := range []*fakeproviders.Provider{
		digitalocean.New(fakeproviders.Published["digitalocean"]),
		kubernetes.New(fakeproviders.Published["kubernetes"], w.project),
		random.New(fakeproviders.Published["random"]),
	} {
		port, err := provider.Serve(p.cancel)
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.ports = append(p.ports, fmt.Sprintf("%s:%d", provider.Package, port))
	}
	return p, nil
}

// environment points the engine at the stand-ins. The published DigitalOcean plugin puts a bucket's name into the host,
// which resolves nowhere here: the account is its proxy for plain HTTP.
func (p *plugins) environment(a *account) map[string]string {
	if len(p.ports) == 0 {
		proxy := a.spaces
		return map[string]string{"SPACES_ENDPOINT_URL": "http://" + simulator.SpacesHost, "HTTP_PROXY": proxy,
			"http_proxy": proxy}
	}
	return map[string]string{
		"PULUMI_DEBUG_PROVIDERS":                      strings.Join(p.ports, ","),
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
	}
}

func (p *plugins) close() error {
	if p.cancel != nil {
		close(p.cancel)
	}
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
