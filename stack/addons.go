package stack

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"doks-security/charts"
	"doks-security/components"
	"doks-security/stack/addon"
	"doks-security/stack/field"
	"doks-security/stack/override"
	"doks-security/values"
)

// AddonSettings choose releases of the user's own.
type AddonSettings struct {
	// Folders of addons/ whose releases are installed. Without its name here a release is uninstalled, and its namespace
	// deleted with all that is in it: refused while that has volumes.
	Enabled []string `json:"enabled"`
	// Secrets, by addon and key: <addon>: {<key>: <value>} is the Secret <addon>-secrets in the addon's namespace, which
	// its values refer to. With the key .dockerconfigjson it is of the type kubernetes.io/dockerconfigjson.
	Secrets map[string]map[string]string `json:"secrets" keys:"secretKey" format:"secretValue" secret:"true"`
}

// readAddons reads the folders of the enabled addons below root, the directory of the stack file; empty: none.
func (s *Settings) readAddons(root string, errs *field.Errors) {
	for _, name := range slices.Sorted(maps.Keys(s.Addons.Secrets)) {
		if !slices.Contains(s.Addons.Enabled, name) {
			errs.Add("addons.secrets."+name, field.Hidden, "the secrets of an addon in addons.enabled",
				"add it to addons.enabled, or pulumi config rm --path 'addons.secrets."+name+"'")
		}
	}
	shipped, err := values.Releases()
	if err != nil || root == "" || len(s.Addons.Enabled) == 0 {
		return // an error of Deploy
	}
	before := len(*errs)
	s.folders = addon.Read(root, shipped, s.Addons.Enabled, errs)
	for role := range s.folders.Namespaces() {
		if _, ours := shipped.Namespaces()[role]; !ours {
			s.Namespaces.addons = append(s.Namespaces.addons, role)
		}
	}
	if len(*errs) == before {
		addon.CheckTogether(s.folders, s.Namespaces.ByRole(), errs)
	}
}

// set are the releases that the stack may have: those of values/ and the enabled addons.
func (s Settings) set() values.Set {
	if s.folders == nil {
		shipped, _ := values.Releases() // an error of Deploy
		return shipped
	}
	return s.folders
}

// addons are the folders of the enabled addons, sorted.
func (s Settings) addons() []string {
	return slices.DeleteFunc(s.set().Folders(), func(folder string) bool { return !s.set()[folder].IsAddon() })
}

// addonFiles are the files of values of the addons, as the chart has to know their keys.
func (s Settings) addonFiles() ([]override.File, error) {
	var files []override.File
	for _, folder := range s.addons() {
		written, err := s.set().Load(folder, string(s.Profile), s.Namespaces.ByRole())
		if err != nil {
			return nil, err
		}
		files = append(files, override.File{Name: s.set()[folder].Dir + "/values.yaml", Release: folder, Values: written})
	}
	return files, nil
}

// renderAddons renders the addons without overrides, from the charts below root, into customized. One whose chart is
// missing, which only CHARTS_OFFLINE=1 permits, is left out. assembled are the values of all releases, by their names.
func (s Settings) renderAddons(root string, assembled map[string]map[string]any, errs *field.Errors) error {
	pins, err := s.pins()
	if err != nil {
		return err
	}
	for _, folder := range s.addons() {
		archive := charts.Archive(filepath.Join(root, charts.Dir), pins[folder])
		if _, err := os.Stat(archive); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		rendering, err := s.rendering(folder, archive, assembled)
		if err != nil {
			return err
		}
		release := s.set()[folder]
		reviewed, err := release.Reviewed()
		if err != nil {
			return err
		}
		made, err := rendering.Addon(release.Dir, reviewed, errs)
		if err != nil {
			return err
		}
		s.customized[folder] = customized{s.customized[folder].values, made.Rendered, made.Images}
	}
	return nil
}

// apiClients are the images of the addons' pods that may talk to the API server, by the name of their namespace.
func (s Settings) apiClients() map[string][]string {
	clients, names := map[string][]string{}, s.Namespaces.ByRole()
	for folder, c := range s.customized {
		if len(c.images) > 0 {
			namespace := names[s.set()[folder].Namespace]
			clients[namespace] = append(clients[namespace], c.images...)
		}
	}
	return clients
}

// newAddons creates nothing without addons.
func newAddons(in inCluster, observability *components.Observability) error {
	s := in.settings
	if len(s.addons()) == 0 {
		return nil
	}
	_, err := components.NewAddons(in.ctx, logicalName, &components.AddonsArgs{
		Platform: in.platform, Namespaces: in.namespaces, Observability: observability,
		Folders: s.addons(), Secrets: s.Addons.Secrets,
	}, in.options...)
	return err
}
