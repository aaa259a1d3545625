package pipeline

import (
	"context"
	"fmt"
	"maps"
	"strings"
)

// StartNodeExporter starts a node-exporter of this machine.
func (l *Lab) StartNodeExporter(ctx context.Context) (*Process, error) {
	return l.start(ctx, "node_exporter", nil, func(address string) launch {
		return launch{args: []string{"--web.listen-address=" + address}, ready: "/"}
	})
}

// StartKubeStateMetrics starts a kube-state-metrics of the cluster of a kubeconfig, with the resources that the stack
// has it list. Its metrics of itself have another address.
func (l *Lab) StartKubeStateMetrics(ctx context.Context, s *Stack, kubeconfig string) (objects, itself *Process,
	err error) {
	collectors, err := at[[]any](s, "kube-prometheus-stack", "kube-state-metrics", "collectors")
	if err != nil {
		return nil, nil, err
	}
	telemetry, err := freeAddress()
	if err != nil {
		return nil, nil, err
	}
	ownHost, ownPort, _ := strings.Cut(telemetry, ":")
	var resources []string
	for _, one := range collectors {
		resources = append(resources, fmt.Sprint(one))
	}
	objects, err = l.start(ctx, "kube-state-metrics", nil, func(address string) launch {
		host, port, _ := strings.Cut(address, ":")
		return launch{ready: "/metrics", args: []string{
			"--kubeconfig=" + kubeconfig, "--resources=" + strings.Join(resources, ","), "--host=" + host, "--port=" + port,
			"--telemetry-host=" + ownHost, "--telemetry-port=" + ownPort,
		}}
	})
	return objects, &Process{Name: "kube-state-metrics", URL: "http://" + telemetry}, err
}

// StartTrivyOperator starts a Trivy Operator of the cluster of a kubeconfig. env are the variables of its container.
func (l *Lab) StartTrivyOperator(ctx context.Context, kubeconfig string, env map[string]string) (*Process, error) {
	probes, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return l.start(ctx, "trivy-operator", nil, func(address string) launch {
		own := maps.Clone(env)
		maps.Copy(own, map[string]string{"KUBECONFIG": kubeconfig, "OPERATOR_METRICS_BIND_ADDRESS": address,
			"OPERATOR_HEALTH_PROBE_BIND_ADDRESS": probes})
		var all []string
		for name, value := range own {
			all = append(all, name+"="+value)
		}
		return launch{env: all, ready: "/metrics"}
	})
}
