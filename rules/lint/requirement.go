package lint

import (
	"strconv"

	"gopkg.in/yaml.v3"
)

// checkEngine holds the engine a file asks for against the one that the release has.
func (d *document) checkEngine(e entry) {
	if !d.scalar(e, e.kind) {
		return
	}
	version := e.keys[e.kind].Value
	if minor, err := unsigned(version); err == nil { // the old form is the minor version
		version = "0." + strconv.FormatUint(minor, 10) + ".0"
	}
	switch {
	case !isVersion(version):
		d.problems.add(e.at, "engine version %q: want x.y.z", version)
	case !compatible(d.falco.Engine, version):
		d.problems.add(e.at, "engine %s is newer than %s, which Falco %s has", version, d.falco.Engine, d.falco.Version)
	}
}

func isVersion(text string) bool { _, err := parseVersion(text); return err == nil }

// checkPlugins holds the plugins a file asks for against the container plugin, the only one that is loaded. One of the
// alternatives is enough.
func (d *document) checkPlugins(e entry) {
	list := e.keys[e.kind]
	if list.Kind != yaml.SequenceNode {
		d.problems.add(e.at, "want a list of {name, version}")
		return
	}
	for _, node := range list.Content {
		plugins := []*yaml.Node{meant(node)}
		if more := value(plugins[0], "alternatives"); more != nil {
			if more.Kind != yaml.SequenceNode {
				d.problems.add(d.place(more), "alternatives: want a list of {name, version}")
				continue
			}
			plugins = append(plugins, more.Content...)
		}
		d.checkAlternatives(plugins)
	}
}

func (d *document) checkAlternatives(plugins []*yaml.Node) {
	seen := map[string]bool{}
	satisfied, found := false, ""
	for _, plugin := range plugins {
		plugin = meant(plugin)
		at := d.place(plugin)
		name, version := value(plugin, "name"), value(plugin, "version")
		if !isText(name) || !isText(version) {
			d.problems.add(at, "want {name, version}")
			return
		}
		switch {
		case !isVersion(version.Value):
			d.problems.add(at, "version %q of plugin %s: want x.y.z", version.Value, name.Value)
			return
		case seen[name.Value]:
			d.problems.add(at, "plugin %s is given twice", name.Value)
			return
		case name.Value == "container":
			found = version.Value
			satisfied = satisfied || compatible(d.falco.ContainerPlugin, version.Value)
		}
		seen[name.Value] = true
	}
	at := d.place(meant(plugins[0]))
	switch {
	case satisfied:
	case found != "":
		d.problems.add(at, "container plugin %s is newer than %s, which Falco %s has",
			found, d.falco.ContainerPlugin, d.falco.Version)
	default:
		d.problems.add(at, "plugin %q is not installed: only container is", value(meant(plugins[0]), "name").Value)
	}
}

// value is what a mapping has for a key, nil when it has none.
func value(node *yaml.Node, key string) *yaml.Node {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return meant(node.Content[i+1])
		}
	}
	return nil
}

func isText(node *yaml.Node) bool {
	return node != nil && node.Kind == yaml.ScalarNode && !isNull(node) && node.Value != ""
}
