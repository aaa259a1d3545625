package stack

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/components"
	"doks-security/stack/field"
	"doks-security/stack/override"
)

// sections are the top-level keys; every one but profile is an object.
var sections = append([]string{"profile"}, sortedKeys(new(Settings).sections())...)

// Load reads and validates the stack's settings, but not the capacity where addons or overrides change what is
// requested. The error is field.Errors with everything that is wrong.
func Load(ctx *pulumi.Context) (Settings, error) {
	raw := map[string]string{}
	for _, key := range sections {
		if value, ok := ctx.GetConfig(Project + ":" + key); ok {
			raw[key] = value
		}
	}
	file, err := readFile(ctx)
	var invalid field.Errors
	if err != nil && !errors.As(err, &invalid) {
		return Settings{}, err
	}
	for key := range file {
		if name, ours := strings.CutPrefix(key, Project+":"); ours && !slices.Contains(sections, name) {
			raw[name] = field.Hidden // the SDK only answers for keys it is asked for: a misspelled one would go unnoticed
		}
	}
	root := cmp.Or(ctx.RootDirectory(), ".") // empty in a program that the Automation API runs
	settings, err := parse(root, ctx.Stack(), raw)
	var errs field.Errors
	errors.As(err, &errs)
	for _, found := range []field.Errors{secretErrors(ctx, settings, file), accountErrors(ctx, settings), errs} {
		known := invalid
		for _, e := range found {
			if !slices.ContainsFunc(known, func(other field.Error) bool { return other.Key == e.Key }) {
				invalid = append(invalid, e)
			}
		}
	}
	return settings, invalid.Err()
}

// tokenVariables are where the DigitalOcean provider looks for a token that is not configured.
var tokenVariables = []string{"DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"}

// accountSetting is a setting of the DigitalOcean provider: from its configuration or, like the provider does, from the
// first environment variable that is set.
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

// accountErrors finds what the DigitalOcean provider would only miss half way through, a token and for Spaces a key,
// and those of them that are configured in plain text.
func accountErrors(ctx *pulumi.Context, s Settings) field.Errors {
	var invalid field.Errors
	check := func(name string, secret bool, allowed string, variables ...string) {
		key := "digitalocean:" + name
		if _, ok := accountSetting(ctx, name, variables...); !ok {
			invalid.Add(key, nil, allowed, "export "+variables[0]+"=..., or pulumi config set --secret "+key)
		}
		if _, configured := ctx.GetConfig(key); configured && secret && !ctx.IsConfigSecret(key) {
			invalid.Add(key, field.Hidden, encryptedOnly, field.EncryptCommand(key))
		}
	}
	if s.Cluster.Kubeconfig != "" {
		return nil // validate refuses what needs an account
	}
	check("token", true, "an API token of the account", tokenVariables...)
	if s.Logging.Storage == StorageSpaces {
		const allowed = "a Spaces key of the account: logging.storage: spaces creates a bucket"
		check("spacesAccessId", false, allowed, "SPACES_ACCESS_KEY_ID")
		check("spacesSecretKey", true, allowed, "SPACES_SECRET_ACCESS_KEY")
	}
	return invalid
}

// Parse makes settings of raw configuration values: strings, and objects as JSON, by key without the project's name.
// Precedence: value, profile, default. The error is a field.Errors.
// Addons and overrides are in a project, and left out.
func Parse(stack string, raw map[string]string) (Settings, error) { return parse("", stack, raw) }

// parse is Parse with the addons of root, the directory of the stack file. The capacity is not checked where files in
// it change what is requested.
func parse(root, stack string, raw map[string]string) (Settings, error) {
	var errs field.Errors
	for key := range raw {
		if !slices.Contains(sections, key) {
			errs.Add(key, raw[key], "one of "+strings.Join(sections, ", "), "remove it, or correct its spelling")
		}
	}
	d := field.Decoder{Formats: formats, Profile: string(Dev), Stack: stack}
	switch profile := raw["profile"]; {
	case slices.Contains(formats["profile"].Enum, profile):
		d.Profile = profile
	case profile != "":
		formats["profile"].Refuse("profile", profile, &errs)
	}
	s := Settings{Profile: Profile(d.Profile), given: map[string]map[string]any{}}
	for key, target := range s.sections() {
		value, ok := raw[key]
		if !ok {
			value = "{}"
		}
		s.given[key] = d.Decode(key, value, target)
	}
	formats.Derive(&s, d.Profile)
	if _, given := s.given["runtimeSecurity"]["falco"]; !given && s.RuntimeSecurity.Metrics == components.FalcoExporter {
		s.RuntimeSecurity.Falco = components.LastFalcoWithGRPC
	}
	s.readAddons(root, &errs)
	unused := s.unused(s.given)
	refused := slices.DeleteFunc(d.Refused, func(e field.Error) bool {
		return slices.ContainsFunc(unused, func(prefix string) bool { return strings.HasPrefix(e.Key, prefix) })
	})
	errs = append(errs, d.Misfits...)
	for _, problem := range validate(s, s.given, refused) {
		// What was left out for its type is not missing as well, nor what is inside of it.
		if !slices.ContainsFunc(errs, func(f field.Error) bool {
			return f.Key == problem.Key ||
				strings.HasPrefix(problem.Key, f.Key+".")
		}) {
			errs = append(errs, problem)
		}
	}
	customized := root != "" && (override.Exist(root, stack) || len(s.Addons.Enabled) > 0)
	if len(errs) == 0 && !customized { // on top of other errors it would only repeat them
		validateCapacity(s, &errs)
	}
	return s, errs.Err()
}
