package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"doks-security/account"
	"doks-security/stack"
)

// project is a directory with a stack file.
func project(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "Pulumi.prod.yaml"), []byte("config: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

// nothing is an engine under which Load runs and nothing else may.
type nothing struct{}

func (nothing) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	return "", nil, fmt.Errorf("%s was registered", args.Name)
}

func (nothing) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, fmt.Errorf("%s was called", args.Token)
}

// Each new environment is what the program takes.
func TestWrite(t *testing.T) {
	for _, key := range []string{"DIGITALOCEAN_TOKEN", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"} {
		t.Setenv(key, "set")
	}
	schema, err := jsonschema.NewCompiler().Compile("../../../schema/stack.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	root := project(t)
	for _, c := range []struct{ name, profile string }{{"qa", "dev"}, {"eu-2", "prod"}, {"x", "dev"},
		{strings.Repeat("a", 44), "prod"}} {
		out := &strings.Builder{}
		if err := write(root, c.name, c.profile, out); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"pulumi stack init " + c.name + "\n", "pulumi up --stack " + c.name + "\n"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
		text, err := os.ReadFile(filepath.Join(root, "Pulumi."+c.name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var content any
		if err := yaml.Unmarshal(text, &content); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(content); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		file, err := stack.ReadFile(c.name, text)
		if err != nil {
			t.Fatal(err)
		}
		config, _, err := file.Config(nil)
		if err != nil {
			t.Fatal(err)
		}
		err = pulumi.RunErr(func(ctx *pulumi.Context) error {
			settings, err := stack.Load(ctx)
			if err != nil {
				return err
			}
			if string(settings.Profile) != c.profile || settings.Cluster.Protect != (c.profile == "prod") {
				t.Errorf("%s: profile %s, protect %v", c.name, settings.Profile, settings.Cluster.Protect)
			}
			if settings.Cluster.Network != (account.Network{}) {
				t.Errorf("%s: network %+v, want one that is chosen at the deployment", c.name, settings.Cluster.Network)
			}
			return nil
		}, pulumi.WithMocks(stack.Project, c.name, nothing{}), func(info *pulumi.RunInfo) {
			info.Config, info.RootDirectory = config, root
		})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, c := range []struct{ problem, name, profile, want string }{
		{"no name", "", "dev", `NAME: ""`},
		{"an upper-case name", "QA", "dev", `NAME: "QA"; allowed: lowercase letters`},
		{"a path", "../qa", "dev", `NAME: "../qa"`},
		{"a hyphen at the end", "qa-", "dev", `NAME: "qa-"`},
		{"a digit first", "2nd", "dev", `NAME: "2nd"`},
		{"a name too long for its cluster", strings.Repeat("a", 45), "dev", "at most 44"},
		{"an unknown profile", "qa", "tiny", `PROFILE: "tiny"; allowed: dev, prod`},
		{"an environment there is", "prod", "prod", "remove Pulumi.prod.yaml"},
	} {
		t.Run(c.problem, func(t *testing.T) {
			root := project(t)
			before, err := os.ReadFile(filepath.Join(root, "Pulumi.prod.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			if err := write(root, c.name, c.profile, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			after, err := os.ReadFile(filepath.Join(root, "Pulumi.prod.yaml"))
			if files, _ := os.ReadDir(root); err != nil || len(files) != 1 || string(after) != string(before) {
				t.Errorf("%d files, %v: something was written", len(files), err)
			}
		})
	}
}
