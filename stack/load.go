package stack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"

	"doks-security/components"
	"doks-security/stack/field"
)

// sections are the top-level keys; every one but profile is an object.
var sections = []string{
	"profile", "project", "cluster", "observability", "logging", "runtimeSecurity", "virtualClusters", "namespaces", "charts",
	"alerting", "forward", "exposure",
}

// Load reads and validates the stack's settings. The error is field.Errors with everything that is wrong.
func Load(ctx *pulumi.Context) (Settings, error) {
	raw := map[string]string{}
	for _, key := range sections {
		if value, ok := ctx.GetConfig(Project + ":" + key); ok {
			raw[key] = value
		}
	}
	keys, err := configuredKeys(ctx)
	if err != nil {
		return Settings{}, err
	}
	for _, key := range keys {
		if _, known := raw[key]; !known {
			raw[key] = ""
		}
	}
	settings, err := Parse(ctx.Stack(), raw)
	var faults field.Errors
	errors.As(err, &faults)
	faults = append(faults, accountFaults(ctx, settings)...)
	faults = append(faults, plainSecretFaults(ctx, settings.Alerting)...)
	faults = append(faults, plainForwardFaults(ctx, settings.Forward)...)
	faults = append(faults, plainExposureFaults(ctx, settings.Exposure)...)
	return settings, faults.Err()
}

// tokenVariables are where the DigitalOcean provider looks for a token that is not configured.
var tokenVariables = []string{"DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"}

// accountSetting is a setting of the DigitalOcean provider: from its configuration or, like the provider does, from the first
// environment variable that is set.
func accountSetting(ctx *pulumi.Context, key string, variables ...string) (value string, ok bool) {
	if value, ok = ctx.GetConfig("digitalocean:" + key); ok {
		return value, true
	}
	for _, variable := range variables {
		if value = os.Getenv(variable); value != "" {
			return value, true
		}
	}
	return "", false
}

// accountFaults finds what the DigitalOcean provider would only miss half way through: a token, and for Spaces a key.
func accountFaults(ctx *pulumi.Context, s Settings) field.Errors {
	configured := func(key string, variables ...string) bool {
		_, ok := accountSetting(ctx, key, variables...)
		return ok
	}
	var faults field.Errors
	if !configured("token", tokenVariables...) {
		faults = append(faults, field.Error{Key: "digitalocean:token", Allowed: "an API token of the account",
			Fix: "export DIGITALOCEAN_TOKEN=..., or pulumi config set --secret digitalocean:token"})
	}
	if s.Logging.Storage != StorageSpaces {
		return faults
	}
	for key, variable := range map[string]string{"spacesAccessId": "SPACES_ACCESS_KEY_ID", "spacesSecretKey": "SPACES_SECRET_ACCESS_KEY"} {
		if !configured(key, variable) {
			faults = append(faults, field.Error{Key: "digitalocean:" + key, Allowed: "a Spaces key of the account: logging.storage: spaces creates a bucket",
				Fix: "export " + variable + "=..., or pulumi config set --secret digitalocean:" + key})
		}
	}
	return faults
}

// configuredKeys finds the keys of this project that are configured, known or not: the SDK only answers for keys it
// is asked for, and a misspelt one would go unnoticed.
func configuredKeys(ctx *pulumi.Context) ([]string, error) {
	file := filepath.Join(ctx.RootDirectory(), "Pulumi."+ctx.Stack()+".yaml")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // pulumi --config-file, or a stack without a file: Pulumi's own schema check has to do
	}
	if err != nil {
		return nil, fmt.Errorf("reading the stack's configuration: %w", err)
	}
	var content struct {
		Config map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("reading the stack's configuration: %s: %w", filepath.Base(file), err)
	}
	var keys []string
	for key := range content.Config {
		if name, ours := strings.CutPrefix(key, Project+":"); ours {
			keys = append(keys, name)
		}
	}
	return keys, nil
}

// Parse makes settings of raw configuration values: strings, and objects as JSON, by key without the project's name.
// Precedence: value, profile, default. The error is a field.Errors.
func Parse(stack string, raw map[string]string) (Settings, error) {
	var faults field.Errors
	for key := range raw {
		if !slices.Contains(sections, key) {
			faults.Add(key, raw[key], "one of "+strings.Join(sections, ", "), "remove it, or correct its spelling")
		}
	}
	profile := Profile(raw["profile"])
	switch profile {
	case "":
		profile = Dev
	case Dev, Prod:
	default:
		faults.Add("profile", string(profile), "dev, prod", "pulumi config set profile dev")
		profile = Dev
	}
	s := defaults(profile, stack)
	targets := map[string]any{
		"project": &s.Project, "cluster": &s.Cluster, "observability": &s.Observability, "logging": &s.Logging,
		"runtimeSecurity": &s.RuntimeSecurity, "virtualClusters": &s.VirtualClusters,
		"namespaces": &s.Namespaces, "charts": &s.Charts,
	}
	given := map[string]map[string]any{}
	for _, key := range sections[1:] {
		if value, ok := raw[key]; ok && targets[key] != nil {
			given[key] = decode(key, value, targets[key], &faults)
		}
	}
	for key, target := range map[string]any{"alerting": &s.Alerting, "forward": &s.Forward, "exposure": &s.Exposure} {
		if value, ok := raw[key]; ok {
			given[key] = decodeHidden(key, value, target, &faults)
		}
	}
	s.complete()
	s.given = given
	for _, fault := range validate(s, given) {
		// What was left out for its type is not missing as well, nor what is inside of it.
		if !slices.ContainsFunc(faults, func(f field.Error) bool { return f.Key == fault.Key || strings.HasPrefix(fault.Key, f.Key+".") }) {
			faults = append(faults, fault)
		}
	}
	return s, faults.Err()
}

// complete fills what follows from other settings.
func (s *Settings) complete() {
	if s.RuntimeSecurity.Falco == "" {
		s.RuntimeSecurity.Falco = components.NewestFalco
		if s.RuntimeSecurity.Metrics == components.FalcoExporter {
			s.RuntimeSecurity.Falco = components.LastFalcoWithGRPC
		}
	}
	s.Exposure.complete()
	if s.Project.Name == "" {
		s.Project.Name = s.Cluster.Name
	}
	if s.Logging.Spaces.Region == "" {
		s.Logging.Spaces.Region = s.Cluster.Region
	}
	if s.Logging.Spaces.Bucket == "" {
		s.Logging.Spaces.Bucket = s.Cluster.Name + "-loki"
	}
}
