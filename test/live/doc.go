// Package live runs the pods of a rehearsal: a node with containerd, runc and a kubelet, next to the control plane of
// package controlplane, whose first node it is.
//
// The node is a child process of the same binary, in mount, network and process namespaces of its own: a program that
// calls Start calls Main when its first argument is ChildCommand. Its end, however it comes, ends every process of the
// node, and with them go its mounts, interfaces and packet filters. It has no route to any network but that of its
// pods: kube-apiserver is reached through a socket. It needs what package needs checks.
//
// Images come from a registry inside the node, which makes each as it is asked for: of the program itself where this
// machine has it or Go builds it (Programs), otherwise of a stand-in, which answers on the container's ports and does
// nothing else (cmd/standin). Containers tells them apart.
//
// What is real: kubelet, kube-proxy, containerd, runc, users, capabilities, seccomp, file systems, probes, limits,
// Secrets and ConfigMaps as files. What is not: NetworkPolicies are not enforced, DNS is a small server that knows
// Services and pods, volumes are directories with an ext4's lost+found, and all pods are on one node.
package live
