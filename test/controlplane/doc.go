// Package controlplane runs a Kubernetes control plane on this machine: etcd, kube-apiserver, kube-controller-manager
// and kube-scheduler from their Go modules, with KWOK playing the kubelets and a little of DigitalOcean's cloud around
// it (volumes, load balancers). Nodes and pods are simulated; the API, admission, controllers and scheduling are real.
//
// It runs in a child process of the same binary, so that it can be ended and started again, and cannot outlive its
// parent: a program that calls Start calls Main when its first argument is ChildCommand. Everything listens on
// loopback, and no connection from the API server leaves the machine.
//
// Build with the version stamped in, charts ask the API server for it:
//
//	-ldflags "-X k8s.io/component-base/version.gitVersion=v1.37.2 -X k8s.io/component-base/version.gitMajor=1 ..."
package controlplane
