// Package program lists what the program installs: it runs stack.Deploy under mocks with a real stack file, and keeps
// every Helm release with its values and every Kubernetes object. Nothing is listed by hand, so nothing is forgotten.
package program

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"doks-security/account/accounttest"
	"doks-security/charts"
	"doks-security/charts/chartstest"
	"doks-security/stack"
	"doks-security/stack/override"
	"doks-security/stack/stacktest"
	"doks-security/test/digitalocean"
	"doks-security/test/fakecharts"
	"doks-security/values"
)

// Release is a Helm release as the program asks for it.
type Release struct {
	Name, Namespace string
	Chart           values.Chart // its pin
	Values          map[string]any
}

// Installation is all that one environment puts into its cluster.
type Installation struct {
	Settings stack.Settings
	Releases []Release // by name
	// Objects are those the program creates in addition to the charts': namespaces, Secrets.
	Objects []*unstructured.Unstructured
}

// Run runs the program of a case; root is the project's directory.
func Run(root string, c Case) (*Installation, error) {
	config, secret, err := c.config(root)
	if err != nil {
		return nil, err
	}
	project, err := os.MkdirTemp("", "doks-program-") // the place of the kubeconfig, the charts and the overrides
	if err != nil {
		return nil, err
	}
	i, err := c.run(root, project, config, secret)
	if err := errors.Join(err, os.RemoveAll(project)); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	return i, nil
}

func (c Case) run(root, project string, config map[string]string, secret []string) (*Installation, error) {
	if err := c.fill(root, project); err != nil {
		return nil, err
	}
	settings, err := stack.ParseProject(project, c.Stack, stack.OwnKeys(config))
	if err != nil {
		return nil, err
	}
	api := emptyAccount(settings).Serve()
	defer api.Close()
	config["digitalocean:apiEndpoint"] = api.URL
	m := &mocks{}
	err = pulumi.RunErr(stack.Deploy, pulumi.WithMocks(stack.Project, c.Stack, m), func(info *pulumi.RunInfo) {
		info.Config, info.ConfigSecretKeys, info.RootDirectory = config, secret, project
	})
	if err != nil {
		return nil, err
	}
	i := &Installation{Settings: settings, Objects: m.objects}
	if i.Releases, err = m.pinned(project); err != nil {
		return nil, err
	}
	slices.SortFunc(i.Releases, func(a, b Release) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(i.Objects, func(a, b *unstructured.Unstructured) int {
		return strings.Compare(a.GetKind()+a.GetNamespace()+a.GetName(), b.GetKind()+b.GetNamespace()+b.GetName())
	})
	return i, nil
}

// fill copies the addons and the overrides of the stack into the project. Only with them are charts opened.
func (c Case) fill(root, project string) error {
	if err := chartstest.Fill(project); err != nil {
		return err
	}
	addons := filepath.Join(root, cmp.Or(c.Addons, filepath.Join(c.Dir, values.AddonsDir)))
	root = filepath.Join(root, c.Dir)
	overrides := filepath.Join(override.Dir, c.Stack)
	copied := false
	for from, to := range map[string]string{addons: values.AddonsDir, filepath.Join(root, overrides): overrides} {
		if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
			continue
		}
		copied = true
		if err := os.CopyFS(filepath.Join(project, to), os.DirFS(from)); err != nil {
			return err
		}
	}
	if !copied {
		return nil
	}
	archives := filepath.Join(project, charts.Dir)
	if c.Charts == "" {
		return fakecharts.WriteStandInsOf(project, archives)
	}
	if err := os.RemoveAll(archives); err != nil {
		return err
	}
	return os.CopyFS(archives, os.DirFS(c.Charts))
}

// emptyAccount has nothing but what DigitalOcean offers, default VPCs, and the domain of the settings.
func emptyAccount(s stack.Settings) *accounttest.Account {
	return &accounttest.Account{
		Versions: digitalocean.Versions(), Sizes: digitalocean.Sizes(), Domains: []string{s.Exposure.Domain},
		Kubeconfig: "users: [{name: unused, user: {token: unused}}]",
	}
}

// config is the stack file with the case's settings on top, as Pulumi hands it over: objects as JSON. secret are the
// keys that hold encrypted values.
func (c Case) config(root string) (config map[string]string, secret []string, err error) {
	file, err := c.read(root)
	if err != nil {
		return nil, nil, err
	}
	extra := map[string]any{stack.Project + ":charts": map[string]any{"unverified": true}}
	for key, value := range c.Settings {
		extra[stack.Project+":"+key] = value
	}
	file = values.Merge(file, extra)
	config, secret, err = file.Config(func(path string, _ any) any { return stacktest.Placeholder(path) })
	if err != nil {
		return nil, nil, fmt.Errorf("reading the stack file of %s: %w", c.Stack, err)
	}
	for key, hidden := range map[string]bool{"token": true, "spacesAccessId": false, "spacesSecretKey": true} {
		key = "digitalocean:" + key
		if _, configured := config[key]; configured {
			continue
		}
		config[key] = "unused"
		if hidden {
			secret = append(secret, key)
		}
	}
	return config, secret, nil
}
