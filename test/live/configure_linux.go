package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

const containerdSocket = "/run/containerd/containerd.sock"

type object = map[string]any

// configure writes the configuration of containerd, CNI, kubelet and kube-proxy.
func configure(s spec) error {
	registries := s.path("registries/_default")
	if err := errors.Join(os.MkdirAll(registries, 0o755), os.Mkdir(s.path("net.d"), 0o755)); err != nil {
		return err
	}
	network, err := json.Marshal(object{"cniVersion": "1.0.0", "name": "pods", "plugins": []object{{
		"type": "ptp", "ipam": object{"type": "host-local", "subnet": podCIDR, "routes": []object{{"dst": "0.0.0.0/0"}}},
	}}})
	if err != nil {
		return err
	}
	kubelet, err := yaml.Marshal(kubeletConfiguration(s))
	if err != nil {
		return err
	}
	proxy, err := yaml.Marshal(object{
		"kind": "KubeProxyConfiguration", "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "mode": "nftables",
		"clientConnection": object{"kubeconfig": s.Kubeconfig}, "hostnameOverride": s.Name, "clusterCIDR": podCIDR,
		"conntrack": object{"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}, // the machine's
	})
	if err != nil {
		return err
	}
	for file, text := range map[string]string{
		"containerd.toml": fmt.Sprintf(containerdConfiguration, s.path("containerd"), s.Plugins, s.path("net.d"),
			s.path("registries")),
		"registries/_default/hosts.toml": fmt.Sprintf(hosts, registryAddress),
		"net.d/pods.conflist":            string(network),
		"kubelet.yaml":                   string(kubelet),
		"kube-proxy.yaml":                string(proxy),
	} {
		err = errors.Join(err, os.WriteFile(s.path(file), []byte(text), 0o600))
	}
	return err
}

// Images of every registry come from the node's own.
const hosts = "[host.\"http://%s\"]\ncapabilities = [\"pull\", \"resolve\"]\n"

// Written for containerd 1.6 and 1.7; containerd 2 converts it.
const containerdConfiguration = `version = 2
root = %q
state = "/run/containerd"
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "rehearsal.invalid/pause:1"
restrict_oom_score_adj = true # a machine may not let containers be killed later than itself
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = %q
conf_dir = %q
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = %q
`

// kubeletConfiguration differs from a DOKS node's in what this machine lacks: systemd, cgroups of its own, a disk that
// is empty.
func kubeletConfiguration(s spec) object {
	return object{
		"kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1",
		"address": NodeIP,
		"authentication": object{"x509": object{"clientCAFile": s.Kubelet.CA},
			"anonymous": object{"enabled": false}},
		"tlsCertFile":              s.Kubelet.Certificate,
		"tlsPrivateKeyFile":        s.Kubelet.Key,
		"containerRuntimeEndpoint": "unix://" + containerdSocket,
		"clusterDNS":               []string{APIServerIP}, "clusterDomain": clusterDomain,
		"cgroupDriver": "cgroupfs", "cgroupRoot": cgroupOf(s.Dir), "failCgroupV1": false,
		"failSwapOn":   false,
		"evictionHard": object{"memory.available": "100Mi", "nodefs.available": "1Gi", "imagefs.available": "1Gi"},
		// Images are made, not pulled: nothing is saved by keeping them, and nothing lost.
		"imageGCHighThresholdPercent": 100,
		// Config reload and rotation are seen sooner.
		"syncFrequency": "10s", "configMapAndSecretChangeDetectionStrategy": "Watch",
	}
}
