// Package addon reads the releases of a user's own, which a stack installs next to those of values/:
//
//	addons/<name>/
//
// in the directory of the stack file, in the format of values/<release>/. Everything is checked before anything is
// created; what is refused is a field.Error, each with the file, the key, what is allowed and the fix: unknown names,
// names and namespaces that are taken, broken files, charts that cannot be pinned, and secrets in values.
// override.Rendering.Addon checks what the chart makes of it.
package addon

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"doks-security/stack/field"
	"doks-security/values"
)

var (
	exactVersion = regexp.MustCompile(`^v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$`)
	digest       = regexp.MustCompile(`^([0-9a-f]{64})?$`)
)

// Read returns shipped, the releases of values/, and the addons with these names below root, the directory of the stack
// file, each with the errors of its folder. An addon whose chart.yaml is refused is left out.
func Read(root string, shipped values.Set, names []string, errs *field.Errors) values.Set {
	files := os.DirFS(filepath.Join(root, values.AddonsDir))
	folders, err := values.Folders(files)
	if err != nil {
		errs.Add(values.AddonsDir+": content", json.Number(err.Error()), "a directory that can be read", "make it readable")
	}
	there := "there is none"
	if len(folders) > 0 {
		there = "there are " + strings.Join(folders, ", ")
	}
	all := maps.Clone(shipped)
	for i, name := range names {
		key := fmt.Sprintf("addons.enabled[%d]", i)
		_, taken := shipped[name]
		switch {
		case slices.Contains(names[:i], name):
			errs.Add(key, name, "each addon once", "remove it")
		case taken:
			errs.Add(key, name, "the name of no release of values/", "rename the folder addons/"+name)
		case !field.Label.MatchString(name) || !slices.Contains(folders, name):
			errs.Add(key, name, "a folder of addons/ with a chart.yaml: "+there,
				"correct its spelling, or create the folder: docs/addons.md")
		default:
			if release, ok := read(files, name, all, errs); ok {
				all[name] = release
			}
		}
	}
	checkNamespaces(all, errs)
	for _, folder := range all.Folders() {
		if all[folder].IsAddon() {
			checkFiles(files, all[folder], folder, errs)
		}
	}
	return all
}

// read reads the folder's chart.yaml; others are the releases that have their names already.
func read(files fs.FS, name string, others values.Set, errs *field.Errors) (values.Release, bool) {
	r, err := values.ReadRelease(files, values.AddonsDir, name)
	file := values.AddonsDir + "/" + name + "/chart.yaml"
	if err != nil {
		errs.Add(file+": content", json.Number(err.Error()), "name, version, repository, sha256, namespace, podSecurity",
			"correct it: docs/addons.md has an example")
		return r, false
	}
	before := len(*errs)
	refuse := func(key, value, allowed, fix string) { errs.Add(file+": "+key, value, allowed, fix) }
	if !field.Label.MatchString(r.Name) {
		refuse("name", r.Name, "the name of a chart: lowercase letters, digits and hyphens",
			"copy it from the chart's repository")
	}
	if !exactVersion.MatchString(r.Version) {
		refuse("version", r.Version, "an exact version of the chart, such as 1.2.3",
			"copy it from the chart's repository, in quotes if it has two numbers only")
	}
	if u, ok := field.ParseURL(r.Repository); !field.OCIRegistry.MatchString(r.Repository) &&
		(!ok || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		refuse("repository", r.Repository, "an https:// Helm repository or oci:// registry, without a login",
			"correct it; charts.mirror in the stack file has another source of all charts")
	}
	if !digest.MatchString(r.SHA256) {
		refuse("sha256", r.SHA256, `64 hexadecimal digits in lower case, or "" until make charts enters them`,
			`write "", then make charts`)
	}
	if r.Tenant || r.With != "" {
		refuse("tenant, with", fmt.Sprintf("%t, %s", r.Tenant, r.With), "neither in addons/: they are for values/",
			"remove them; addons.enabled in the stack file switches an addon on")
	}
	if !field.Label.MatchString(r.Release) {
		refuse("release", r.Release, "lowercase letters, digits and hyphens, at most 63",
			"remove it: the folder's name is used")
	}
	for _, folder := range others.Folders() {
		other := others[folder]
		if other.Release == r.Release {
			refuse("release", r.Release, "a name of its own: "+other.Dir+" has it", "choose another, or rename the folder")
		}
		if other.Namespace == r.Namespace && !other.IsAddon() {
			refuse("namespace", r.Namespace, "no namespace of values/: "+other.Dir+" has it", "write namespace: "+name)
			break
		}
	}
	if !field.Label.MatchString(r.Namespace) || slices.Contains(field.KubernetesNamespaces, r.Namespace) {
		refuse("namespace", r.Namespace, "lowercase letters, digits and hyphens, at most 63; none of "+
			strings.Join(field.KubernetesNamespaces, ", "), "write namespace: "+name)
	}
	if r.PodSecurity != "" && !slices.Contains(values.PodSecurityLevels, r.PodSecurity) {
		refuse("podSecurity", r.PodSecurity, strings.Join(values.PodSecurityLevels, ", "), "write podSecurity: restricted")
	}
	return r, len(*errs) == before
}

// checkNamespaces refuses namespaces of addons without a Pod Security level, or with several.
func checkNamespaces(all values.Set, errs *field.Errors) {
	for role, namespace := range all.Namespaces() {
		if slices.Contains(values.PodSecurityLevels, namespace.PodSecurity) {
			continue
		}
		for _, folder := range all.Folders() {
			if r := all[folder]; r.IsAddon() && r.Namespace == role {
				errs.Add(r.File+": podSecurity", r.PodSecurity, "one of "+strings.Join(values.PodSecurityLevels, ", ")+
					", in one release of the namespace "+role, "write podSecurity: restricted in one of them")
			}
		}
	}
}
