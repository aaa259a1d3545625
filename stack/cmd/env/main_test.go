package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"doks-security/components"
	"doks-security/stack"
)

// project is a directory with copies of the three stack files.
func project(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, file := range []string{"Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../..", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
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

// Each new environment is what the program takes, and overlaps with none before it.
func TestWrite(t *testing.T) {
	for _, key := range []string{"DIGITALOCEAN_TOKEN", "SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"} {
		t.Setenv(key, "set")
	}
	schema, err := jsonschema.NewCompiler().Compile("../../../schema/stack.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	root := project(t)
	for i, c := range []struct{ name, profile string }{{"qa", "dev"}, {"eu-2", "prod"}, {"x", "dev"}, {strings.Repeat("a", 44), "prod"}} {
		before, err := networks(root)
		if err != nil || len(before) != 3+i {
			t.Fatalf("%d networks, %v; want %d", len(before), err, 3+i)
		}
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
		raw, err := stack.ReadFile(text)
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
			for _, other := range before {
				if a, b := overlap(settings.Cluster.Network, other); a != "" {
					t.Errorf("%s: %s overlaps with %s", c.name, a, b)
				}
			}
			return nil
		}, pulumi.WithMocks(stack.Project, c.name, nothing{}), func(info *pulumi.RunInfo) {
			info.Config, info.RootDirectory = map[string]string{}, root
			for key, value := range raw {
				info.Config[stack.Project+":"+key] = value
			}
		})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func overlap(a, b components.Network) (string, string) {
	for _, one := range []string{a.VPC, a.Pods, a.Services} {
		for _, other := range []string{b.VPC, b.Pods, b.Services} {
			if netip.MustParsePrefix(one).Overlaps(netip.MustParsePrefix(other)) {
				return one, other
			}
		}
	}
	return "", ""
}

func TestWriteRefuses(t *testing.T) {
	for _, c := range []struct{ fault, name, profile, want string }{
		{"no name", "", "dev", `NAME: ""`},
		{"an upper-case name", "QA", "dev", `NAME: "QA"; allowed: lowercase letters`},
		{"a path", "../qa", "dev", `NAME: "../qa"`},
		{"a hyphen at the end", "qa-", "dev", `NAME: "qa-"`},
		{"a digit first", "2nd", "dev", `NAME: "2nd"`},
		{"a name too long for its cluster", strings.Repeat("a", 45), "dev", "at most 44"},
		{"a profile nobody knows", "qa", "tiny", `PROFILE: "tiny"; allowed: dev, prod`},
		{"an environment there is", "prod", "prod", "remove Pulumi.prod.yaml"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			root := project(t)
			before, err := os.ReadFile(filepath.Join(root, "Pulumi.prod.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			if err := write(root, c.name, c.profile, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			after, err := os.ReadFile(filepath.Join(root, "Pulumi.prod.yaml"))
			if files, _ := os.ReadDir(root); err != nil || len(files) != 3 || string(after) != string(before) {
				t.Errorf("%d files, %v: something was written", len(files), err)
			}
		})
	}
}

// Stack files hold what only Pulumi reads, and clusters whose network is not ours.
func TestNetworks(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       string // VPCs, or the error
	}{
		{"the default", "config: {}", "[10.110.0.0/20]"},
		{"an encrypted value", "encryptionsalt: v1:abc=\nconfig:\n  digitalocean:token: {secure: abc}\n  doks-security:forward: {events: {url: {secure: abc}}}\n  doks-security:cluster: {network: {vpc: 10.9.0.0/20}}", "[10.9.0.0/20]"},
		{"an existing cluster", "config:\n  doks-security:cluster: {existing: shared}", "[]"},
		{"no YAML", "config: [", "reading Pulumi.a.yaml: yaml:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.WriteFile(filepath.Join(root, "Pulumi.a.yaml"), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			list, err := networks(root)
			vpcs := []string{}
			for _, n := range list {
				vpcs = append(vpcs, n.VPC)
			}
			got := fmt.Sprint(vpcs)
			if err != nil {
				got = err.Error()
			}
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestFree(t *testing.T) {
	nets := func(cidrs ...string) (list []components.Network) {
		for _, c := range cidrs {
			list = append(list, components.Network{VPC: c})
		}
		return list
	}
	for _, c := range []struct {
		name  string
		taken []components.Network
		want  string // of the pods; empty: none is left
	}{
		{"nothing taken", nil, "10.160.0.0/16"},
		{"others elsewhere", nets("10.110.0.0/20", "172.16.0.0/16"), "10.160.0.0/16"},
		{"in the second half of the first", nets("10.161.200.0/24"), "10.162.0.0/16"},
		{"a gap", nets("10.160.0.0/20", "10.164.0.0/20"), "10.162.0.0/16"},
		{"one that is not valid", nets("all of it"), "10.160.0.0/16"},
		{"all of it", nets("10.128.0.0/9"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := free(c.taken)
			if got.Pods != c.want || (err == nil) == (c.want == "") {
				t.Errorf("%+v, %v; want %q", got, err, c.want)
			}
		})
	}
}
