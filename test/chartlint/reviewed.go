package chartlint

// Hosts are the workloads that see their node.
var Hosts = []Host{
	{"DaemonSet falco/falco", []string{
		"privileged", "hostPath /boot", "hostPath /etc", "hostPath /lib/modules", "hostPath /proc", "hostPath /sys/kernel",
		"hostPath /usr",
		"hostPath /run/containerd/containerd.sock", "hostPath /run/falco",
	}, "loads an eBPF program and reads what processes do; the socket names their containers, /run/falco is for " +
		"falco-exporter"},
	{"DaemonSet falco/falco-exporter", []string{"hostPath /run/falco"}, "reads Falco's gRPC socket"},
	{"DaemonSet node-agents/alloy", []string{"hostPath /var/log", "hostPath /var/lib/alloy"},
		"reads pods' logs, and keeps how far it has read"},
	{"DaemonSet node-agents/kube-prometheus-stack-prometheus-node-exporter", []string{
		"hostNetwork", "hostPID", "hostPath /", "hostPath /proc", "hostPath /sys",
	}, "measures the node"},
}

// SecretAccounts are those that read every Secret of the cluster, with the reason.
var SecretAccounts = map[string]string{
	"monitoring/kube-prometheus-stack-operator": "prometheus-operator reads what monitors refer to, and writes " +
		"Prometheus' configuration as a Secret",
	"cert-manager/cert-manager":            "keeps keys and certificates as Secrets, in whichever namespace asks for one",
	"cert-manager/cert-manager-cainjector": "reads the webhook's own authority from a Secret",
}

// UndeclaredPorts are ports of Services that no container declares, with the reason.
var UndeclaredPorts = map[string]string{
	"Service falco/falco-falcosidekick: http-notls": "for probes where falcosidekick itself speaks TLS; nothing " +
		"calls it here",
	"Service vcluster/demo: 8443":          "vcluster declares none of its ports",
	"Service vcluster/demo-headless: 8443": "vcluster declares none of its ports",
}
