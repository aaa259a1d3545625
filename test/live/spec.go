package live

import (
	"path/filepath"
	"time"
)

// ChildCommand is the first argument of the node's process.
const ChildCommand = "live-node"

// Addresses of the node, which no network outside of it knows.
const (
	// APIServerIP is where kube-apiserver says it is: its advertised address. DNS is there, too.
	APIServerIP = "100.65.0.1"
	// NodeIP is the address of the first node.
	NodeIP  = "10.110.0.2"
	podCIDR = "10.244.0.0/24"
)

const (
	startTime = time.Minute
	stopTime  = 30 * time.Second
)

// spec is what the node's process gets, as JSON in a file.
type spec struct {
	Dir        string             // everything it writes
	Name       string             // of the Node
	APIServer  string             // host:port, of this machine
	Kubeconfig string             // of cluster-admin
	Kubelet    Kubelet            // its files
	Binaries   Binaries           // what it runs
	Plugins    string             // the directory of CNI's plugins
	Programs   map[string]Program // by image
}

// Binaries are the files of what the node runs.
type Binaries struct{ Kubelet, KubeProxy, StandIn, Certgen string }

// BinariesIn are those that test/build made in a directory.
func BinariesIn(dir string) Binaries {
	return Binaries{
		Kubelet: filepath.Join(dir, "kubelet"), KubeProxy: filepath.Join(dir, "kube-proxy"),
		StandIn: filepath.Join(dir, "standin"), Certgen: filepath.Join(dir, "certgen"),
	}
}

// Kubelet are the files with which a kubelet logs in and serves.
type Kubelet struct{ Kubeconfig, CA, Certificate, Key string }

func (s spec) path(name string) string { return filepath.Join(s.Dir, name) }

// Files and sockets in the node's directory.
const (
	specFile  = "node.json"
	readyFile = "ready"
	logFile   = "node.log"
	apiSocket = "api.sock" // the parent's: kube-apiserver
	// DialSocket is the node's: an HTTP proxy that connects to its pods and Services.
	DialSocket = "dial.sock"
)
