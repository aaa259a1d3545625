package addon

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"doks-security/stack/field"
	"doks-security/stack/override"
	"doks-security/values"
)

// known are the files of a folder. Another name may be one of them, misspelled.
var known = []string{"chart.yaml", "values.yaml", "prod.yaml", "network.yaml", "alerts.yaml", "protected.yaml",
	"reviewed.yaml", "README.md"}

// severities are those that alerts are routed by.
var severities = []string{"critical", "warning", "info"}

// checkFiles checks what is next to chart.yaml.
func checkFiles(files fs.FS, r values.Release, folder string, errs *field.Errors) {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		errs.Add(r.Dir+": content", json.Number(err.Error()), "a directory that can be read", "make it readable")
		return
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case strings.HasPrefix(name, "."):
		case entry.IsDir() && name == "dashboards":
			checkDashboards(files, folder, r.Dir, errs)
		case entry.IsDir() || !slices.Contains(known, name):
			errs.Add(r.Dir+"/"+name+": name", json.Number("an unknown file"),
				strings.Join(known, ", ")+", dashboards/<uid>.json", "correct its name, or remove it")
		}
	}
	for _, name := range []string{"values.yaml", "prod.yaml"} {
		text, err := fs.ReadFile(files, path.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) && name == "prod.yaml" {
			continue
		}
		if err != nil {
			errs.Add(r.Dir+"/"+name+": content", json.Number(err.Error()), "the chart's values", "create it")
			continue
		}
		if content, ok := override.Parse(r.Dir+"/"+name, text, errs); ok {
			override.File{Name: r.Dir + "/" + name, Values: content}.CheckSecrets(errs)
		}
	}
	if reviewed, err := r.Reviewed(); err != nil {
		broken(r.Dir+"/reviewed.yaml", err, errs)
	} else {
		for _, entry := range reviewed {
			if entry.Why == "" {
				errs.Add(r.Dir+"/reviewed.yaml: why", nil, "the reason of "+entry.Finding, "write it, or remove the entry")
			}
		}
	}
	if _, err := (values.Set{folder: r}).ProtectedOf(folder); err != nil {
		broken(r.Dir+"/protected.yaml", err, errs)
	}
	checkAlerts(r, errs)
}

// broken adds an error about a file, which its text may begin with.
func broken(file string, err error, errs *field.Errors) {
	text := strings.TrimPrefix(err.Error(), "reading ")
	if at, rest, found := strings.Cut(text, ": "); found && strings.HasPrefix(at, values.AddonsDir+"/") {
		file, text = at, rest
	}
	errs.Add(file+": content", json.Number(text), "what docs/addons.md describes", "correct it")
}

// checkAlerts wants of each rule what Prometheus and the routes of notifications need. What the namespaces are called
// makes no difference.
func checkAlerts(r values.Release, errs *field.Errors) {
	names := values.DefaultNamespaces()
	names[r.Namespace] = r.Namespace
	groups, err := r.RuleGroups("alerts.yaml", names)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	file := r.Dir + "/alerts.yaml"
	if err != nil {
		broken(file, err, errs)
		return
	}
	for _, group := range groups {
		if !field.Label.MatchString(group.Name) {
			errs.Add(file+": name", group.Name, "lowercase letters, digits and hyphens: a PrometheusRule gets the name",
				"rename the group")
		}
		for _, rule := range group.Rules {
			at := file + ": " + group.Name + "." + rule.Alert + rule.Record
			switch severity := rule.Labels["severity"]; {
			case (rule.Alert == "") == (rule.Record == "") || rule.Expr == "":
				errs.Add(at, json.Number("an incomplete rule"), "expr, and either alert or record", "complete it")
			case rule.Alert != "" && !slices.Contains(severities, severity):
				errs.Add(at+".labels.severity", severity, strings.Join(severities, ", "), "write one of them")
			case rule.Alert != "" && rule.Annotations["summary"] == "":
				errs.Add(at+".annotations.summary", nil, "one sentence: the title of notifications", "write it")
			}
		}
	}
}

// checkDashboards wants the uid that the file is named after.
func checkDashboards(files fs.FS, folder, dir string, errs *field.Errors) {
	entries, _ := fs.ReadDir(files, path.Join(folder, "dashboards"))
	for _, entry := range entries {
		file := dir + "/dashboards/" + entry.Name()
		uid, isJSON := strings.CutSuffix(entry.Name(), ".json")
		if !isJSON || !field.Label.MatchString(uid) {
			errs.Add(file+": name", json.Number("another name"), "<uid>.json: lowercase letters, digits and hyphens",
				"rename it")
			continue
		}
		var dashboard struct {
			UID string `json:"uid"`
		}
		text, err := fs.ReadFile(files, path.Join(folder, "dashboards", entry.Name()))
		if err == nil {
			err = json.Unmarshal(text, &dashboard)
		}
		switch {
		case err != nil:
			errs.Add(file+": content", json.Number(err.Error()), "a dashboard as Grafana exports it, in JSON", "correct it")
		case dashboard.UID != uid:
			errs.Add(file+": uid", dashboard.UID, uid+", the name of the file", "make them the same")
		}
	}
}

// single are the errors that errors.Join joined.
func single(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !ok:
		return []error{err}
	}
	var all []error
	for _, err := range joined.Unwrap() {
		all = append(all, single(err)...)
	}
	return all
}

// CheckTogether checks what addons share with the other releases of a stack: the names of workloads, groups of rules
// and dashboards, and the connections. namespaces are the names of the stack's. Read found the errors of single files.
func CheckTogether(all values.Set, namespaces values.Namespaces, errs *field.Errors) {
	_, err := all.Network()
	for _, err := range single(err) {
		broken(values.AddonsDir, err, errs)
	}
	if _, err := all.Alerts("native", namespaces, nil, values.AlertLinks{}); err != nil {
		broken(values.AddonsDir, err, errs)
	}
	if _, err := all.Dashboards(); err != nil {
		broken(values.AddonsDir, err, errs)
	}
	for _, folder := range all.Folders() {
		if !all[folder].IsAddon() {
			continue
		}
		for _, profile := range values.Profiles {
			if _, err := all.Load(folder, profile, namespaces); err != nil {
				broken(all[folder].Dir+"/values.yaml", err, errs)
				break
			}
		}
	}
}
