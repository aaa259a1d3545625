package values

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// Ends of connections that are no pods of the stack. A NetworkPolicy cannot name them; Cilium, which DOKS runs, can.
const (
	// ControlPlane is the API server. DOKS runs it outside of the nodes; its calls arrive from the agents of a tunnel in
	// kube-system or from the nodes themselves.
	ControlPlane = "the API server"
	Internet     = "the internet" // everything outside of the cluster
	Ingress      = "the Gateway"  // Cilium's proxy behind it
)

// Workload is a group of pods at an end of a connection, or one of the ends above, which have no namespace.
type Workload struct {
	Name      string
	Namespace string // in Network its role, elsewhere its name
	Labels    map[string]string
	// Restricted workloads connect to nothing but their connections and the cluster's DNS: what people log in to, and
	// where events and logs are kept.
	Restricted bool
	// Without are the settings that leave it out: its own, and that of its release.
	Without []Option
}

// Connection is allowed; whatever is not, is denied. kubelets reach the pods of their node in any case, which carries
// probes and kubectl port-forward.
type Connection struct {
	From, To Workload
	Port     int // of the pod; 0 for any
	Why      string
	With     Option // with this setting only; empty: always
}

// Network is what the network.yaml of all releases say, by release.
type Network struct {
	Workloads   []Workload
	Connections []Connection
}

// networkFile is a network.yaml.
type networkFile struct {
	Workloads []struct {
		Name      string            `yaml:"name"`      // of its NetworkPolicy; each once in all files
		Namespace string            `yaml:"namespace"` // role; default: the release's
		Labels    map[string]string `yaml:"labels"`    // of its pods
		Egress    string            `yaml:"egress"`    // restricted, or unset for any connection
		Without   Option            `yaml:"without"`   // the setting that leaves it out of its release
		From      []peer            `yaml:"from"`      // who may connect to it
		To        []peer            `yaml:"to"`        // Internet and ControlPlane, where egress is restricted
	} `yaml:"workloads"`
}

type peer struct {
	Name string `yaml:"name"` // of a workload, ControlPlane, Internet or Ingress
	Port int    `yaml:"port"`
	Why  string `yaml:"why"`
	With Option `yaml:"with"`
}

// Network reads the network.yaml of every release. Names of workloads and options that do not exist are errors, all of
// them. What an addon connects to is written to its own file; a release of values/ is connected to in its file only.
func (s Set) Network() (Network, error) {
	read := map[string]networkFile{}
	ends := map[string]Workload{ControlPlane: {Name: ControlPlane}, Internet: {Name: Internet}, Ingress: {Name: Ingress}}
	var n Network
	var errs []error
	for _, folder := range s.Folders() {
		var file networkFile
		err := s[folder].readStrictly("network.yaml", &file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Network{}, err
		}
		read[s[folder].Dir] = file
		for _, w := range file.Workloads {
			if err := s.checkWorkload(folder, w.Name, w.Namespace, ends); err != nil {
				errs = append(errs, err)
				continue
			}
			workload := Workload{w.Name, w.Namespace, w.Labels, w.Egress == "restricted", nil}
			for _, option := range []Option{w.Without, s[folder].Without} {
				if option != "" {
					workload.Without = append(workload.Without, option)
				}
			}
			if workload.Namespace == "" {
				workload.Namespace = s[folder].Namespace
			}
			ends[w.Name] = workload
			n.Workloads = append(n.Workloads, workload)
		}
	}
	return n, errors.Join(append(errs, n.connect(read, ends))...)
}

// checkWorkload refuses a name that another workload has, and workloads of an addon in another namespace than its own.
func (s Set) checkWorkload(folder, name, namespace string, ends map[string]Workload) error {
	at := fmt.Sprintf("%s/network.yaml: %s: ", s[folder].Dir, name)
	switch _, taken := ends[name]; {
	case taken:
		return errors.New(at + "another workload has this name")
	case s[folder].IsAddon() && namespace != "" && namespace != s[folder].Namespace:
		return fmt.Errorf("%snamespace %q; allowed: only the addon's own, %s", at, namespace, s[folder].Namespace)
	}
	return nil
}

// connect adds the connections of all files, by the directory of the release.
func (n *Network) connect(files map[string]networkFile, ends map[string]Workload) error {
	var errs []error
	for _, dir := range slices.Sorted(maps.Keys(files)) {
		for _, w := range files[dir].Workloads {
			wrong := func(format string, args ...any) {
				errs = append(errs, fmt.Errorf("%s/network.yaml: %s: "+format, append([]any{dir, w.Name}, args...)...))
			}
			if w.Egress != "" && w.Egress != "restricted" {
				wrong("egress %q; allowed: restricted", w.Egress)
			}
			if w.Without != "" && !slices.Contains(Options, w.Without) {
				wrong("no option %q; allowed: %q", w.Without, Options)
			}
			check := func(p peer) {
				if _, found := ends[p.Name]; !found {
					wrong("no workload %q; allowed: %q", p.Name, slices.Sorted(maps.Keys(ends)))
				}
				if p.With != "" && !slices.Contains(Options, p.With) {
					wrong("no option %q; allowed: %q", p.With, Options)
				}
			}
			for _, p := range w.From {
				check(p)
				n.Connections = append(n.Connections, Connection{ends[p.Name], ends[w.Name], p.Port, p.Why, p.With})
			}
			for _, p := range w.To {
				check(p)
				if ends[p.Name].Namespace != "" && !isAddon(dir) {
					wrong("to %s: write it to the network.yaml of %s, as from", p.Name, p.Name)
				}
				n.Connections = append(n.Connections, Connection{ends[w.Name], ends[p.Name], p.Port, p.Why, p.With})
			}
		}
	}
	return errors.Join(errs...)
}

// Of returns the connections of a stack with these namespaces and options.
func (n Network) Of(namespaces Namespaces, options ...Option) []Connection {
	present := func(w Workload) bool {
		return (w.Namespace == "" || namespaces[w.Namespace] != "") && !w.IsOff(options)
	}
	var all []Connection
	for _, c := range n.Connections {
		if present(c.From) && present(c.To) && (c.With == "" || slices.Contains(options, c.With)) {
			c.From, c.To = c.From.In(namespaces), c.To.In(namespaces)
			all = append(all, c)
		}
	}
	return all
}

// IsOff reports whether a stack with these options leaves the workload out.
func (w Workload) IsOff(options []Option) bool {
	return slices.ContainsFunc(w.Without, func(o Option) bool { return slices.Contains(options, o) })
}

// In is the workload with its namespace's name instead of the role.
func (w Workload) In(namespaces Namespaces) Workload {
	w.Namespace = namespaces[w.Namespace]
	return w
}

// IsPods reports whether these are pods of the stack, and none of the ends that only Cilium can name.
func (w Workload) IsPods() bool { return w.Namespace != "" }
