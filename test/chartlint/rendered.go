package chartlint

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"doks-security/charts/pods"
	"doks-security/stack"
	"doks-security/test/program"
	"doks-security/values"
)

const renderedHead = "# Generated from what the charts render: make rendered\n"

// RenderedFile is values/rendered.yaml as the renderer's charts have it; root is the project's directory. Each release
// is rendered with every profile and combination of options, so that the file is exact for all of them.
func RenderedFile(root string, r *Renderer, kubernetes string) (string, error) {
	releases, err := values.Releases()
	if err != nil {
		return "", err
	}
	folders := map[string]string{} // by the release's name
	for folder, release := range releases {
		folders[release.Release] = folder
	}
	sizes := volumeSizes()
	all := map[string][]values.Rendered{}
	for _, profile := range values.Profiles {
		for _, options := range combinations() {
			installation, err := program.Run(root, withOptions(profile, options, sizes))
			if err != nil {
				return "", err
			}
			for _, release := range installation.Releases {
				variant, err := variantOf(r, installation.Settings, release, kubernetes, sizes)
				if err != nil {
					return "", err
				}
				variant.Profile, variant.With = profile, options
				all[folders[release.Name]] = append(all[folders[release.Name]], variant)
			}
		}
	}
	for folder, variants := range all {
		if all[folder] = reduce(variants); len(all[folder]) == 0 {
			delete(all, folder)
		}
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	err = encoder.Encode(all)
	return renderedHead + text.String(), err
}

// volumeSizes are a size for each setting of volumes, all different: by its size a claim shows its setting.
func volumeSizes() map[string]int {
	sizes := map[string]int{}
	for _, declared := range stack.Declarations() {
		if declared.Format.Unit == "GiB" {
			sizes[declared.Path] = 500 + len(sizes)
		}
	}
	return sizes
}

// combinations are the sets of options that settings can have: all of those that add something, and each that leaves a
// part out by itself, since what is left out requests nothing whatever the others are. The release that has the UI has
// captures, too: without it are two sets.
func combinations() [][]values.Option {
	var all [][]values.Option
	adding := slices.DeleteFunc(slices.Clone(values.Options), func(o values.Option) bool {
		return slices.Contains(values.OffOptions, o)
	})
	for set := range 1 << len(adding) {
		var chosen []values.Option
		for i, option := range adding {
			if set&(1<<i) != 0 {
				chosen = append(chosen, option)
			}
		}
		has := func(option values.Option) bool { return slices.Contains(chosen, option) }
		refused := has(values.WithSpacesFrom) && !has(values.WithSpaces) ||
			has(values.WithCapture) && has(values.WithFalcoExporter)
		if !refused {
			all = append(all, chosen)
		}
	}
	for _, option := range values.OffOptions {
		switch option {
		case values.WithoutIssuer:
			all = append(all, []values.Option{values.WithGateway, option})
		case values.WithoutUI:
			all = append(all, []values.Option{option}, []values.Option{values.WithCapture, option})
		default:
			all = append(all, []values.Option{option})
		}
	}
	return all
}

// withOptions is an environment on nodes that take anything.
func withOptions(profile string, options []values.Option, sizes map[string]int) program.Case {
	settings := map[string]any{
		"profile": profile,
		"cluster": map[string]any{"pools": []any{map[string]any{"name": "default", "size": "s-8vcpu-16gb", "count": 20}}},
		"logging": map[string]any{"storage": stack.StorageVolume},
	}
	set := func(path string, value any) {
		keys := strings.Split(path, ".")
		for _, key := range slices.Backward(keys) {
			value = map[string]any{key: value}
		}
		settings = values.Merge(settings, value.(map[string]any))
	}
	for path, gib := range sizes {
		if !slices.ContainsFunc(options, func(o values.Option) bool { return isOf(path, o) }) {
			set(path, gib)
		}
	}
	for _, option := range options {
		key, value, _ := strings.Cut(string(option), ": ")
		switch option {
		case values.WithGateway:
			set("exposure", program.Gateway())
		case values.WithoutIssuer: // after the Gateway
			settings["exposure"].(map[string]any)["certificates"] = map[string]any{"secretName": "own-tls"}
		case values.WithSpacesFrom:
			set(key, "2099-01-01")
		case values.WithCapture:
			set(key, []any{"Terminal shell in container"})
		case values.WithDemo, values.WithResponse:
			set(key, value == "true")
		case values.WithoutLogging:
			settings["logging"] = map[string]any{"enabled": false}
		case values.WithoutRuntimeSecurity, values.WithoutUI, values.WithoutGrafana:
			set(key, false)
		default:
			set(key, value)
		}
	}
	return program.Case{Name: fmt.Sprint(profile, options), Stack: "dev", Settings: settings}
}

// isOf reports whether a setting of a volume belongs to the part that an option leaves out.
func isOf(path string, option values.Option) bool {
	switch option {
	case values.WithoutLogging:
		return strings.HasPrefix(path, "logging.")
	case values.WithoutRuntimeSecurity, values.WithoutUI:
		return strings.HasPrefix(path, "runtimeSecurity.")
	case values.WithoutGrafana:
		return path == "observability.grafanaVolumeGiB"
	}
	return false
}

// variantOf is what a release requests and claims.
func variantOf(
	r *Renderer, s stack.Settings, release program.Release, kubernetes string, sizes map[string]int,
) (values.Rendered, error) {
	objects, err := r.Release(release, kubernetes)
	if err != nil {
		return values.Rendered{}, err
	}
	if objects, err = Complete(objects); err != nil {
		return values.Rendered{}, err
	}
	demand, err := pods.Measure(objects)
	if err != nil {
		return values.Rendered{}, err
	}
	for i := range demand.Claims {
		claim := &demand.Claims[i]
		role, found := s.Namespaces.ByRole().RoleOf(claim.Namespace)
		if !found {
			return values.Rendered{}, fmt.Errorf("%s claims %s in the namespace %s, which is not the stack's",
				release.Name, claim.Name, claim.Namespace)
		}
		claim.Namespace = role
		for setting, size := range sizes {
			if claim.GiB == size {
				claim.Setting, claim.GiB = setting, 0
			}
		}
	}
	return demand.Rendered, nil
}

// reduce leaves out options that make no difference, then variants that are there already; nothing is left of a release
// that requests nothing.
func reduce(variants []values.Rendered) []values.Rendered {
	for _, option := range values.Options {
		without := slices.Clone(variants)
		for i := range without {
			without[i].With = slices.DeleteFunc(slices.Clone(without[i].With), func(o values.Option) bool { return o == option })
		}
		if consistent(without) {
			variants = without
		}
	}
	var all []values.Rendered
	seen := map[string]bool{}
	for _, v := range variants {
		empty := reflect.DeepEqual(v, values.Rendered{Profile: v.Profile, With: v.With})
		if key := fmt.Sprint(v.Profile, v.With); !seen[key] && !empty {
			seen[key] = true
			all = append(all, v)
		}
	}
	return all
}

// consistent reports whether variants of the same profile and options are equal.
func consistent(variants []values.Rendered) bool {
	first := map[string]values.Rendered{}
	for _, v := range variants {
		key := fmt.Sprint(v.Profile, v.With)
		if other, found := first[key]; found && !reflect.DeepEqual(withoutOptions(other), withoutOptions(v)) {
			return false
		}
		first[key] = v
	}
	return true
}

func withoutOptions(v values.Rendered) values.Rendered {
	v.With = nil
	return v
}
