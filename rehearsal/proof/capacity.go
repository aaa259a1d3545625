package proof

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	"doks-security/stack"
)

// VolumesPerNode is how many block storage volumes DigitalOcean attaches to a Droplet.
const VolumesPerNode = 7

// Demand is what pods ask for: on every node, and altogether beside that.
type Demand struct {
	PerNode, Shared stack.Resources
	Largest         stack.Resources // the most a single pod asks for, CPU and memory apart
	Volumes         int
}

// String is a line of a report.
func (d Demand) String() string {
	return fmt.Sprintf("%dm CPU and %d MiB on every node, %dm and %d MiB beside that, %d volumes",
		d.PerNode.MilliCPU, d.PerNode.MiB, d.Shared.MilliCPU, d.Shared.MiB, d.Volumes)
}

// Measure adds up what objects ask for while nothing is being installed or upgraded: jobs are over then.
func Measure(objects []*Object) (Demand, error) {
	all, err := workloads(objects)
	if err != nil {
		return Demand{}, err
	}
	var d Demand
	for _, w := range all {
		if w.Passing || w.GetNamespace() == "kube-system" { // DOKS' own
			continue
		}
		pod := requests(w.Pod.Spec)
		if w.PerNode {
			d.PerNode = plus(d.PerNode, pod, 1)
			continue
		}
		d.Shared = plus(d.Shared, pod, w.Replicas)
		d.Largest = stack.Resources{MilliCPU: max(d.Largest.MilliCPU, pod.MilliCPU), MiB: max(d.Largest.MiB, pod.MiB)}
		d.Volumes += w.Replicas * len(w.Claims)
	}
	for _, o := range objects {
		if o.GetKind() == "PersistentVolumeClaim" {
			d.Volumes++
		}
	}
	return d, nil
}

// Capacity compares what is asked for with what the program counts on, and with the nodes of the settings.
func Capacity(s stack.Settings, d Demand) []error {
	var faults []error
	perNode, shared := stack.Demand(s)
	short := func(what string, has, needs stack.Resources) {
		if has.MilliCPU < needs.MilliCPU || has.MiB < needs.MiB {
			faults = append(faults, fmt.Errorf("%s: %dm CPU and %d MiB, pods ask for %dm and %d MiB", what, has.MilliCPU, has.MiB, needs.MilliCPU, needs.MiB))
		}
	}
	short("stack/capacity.go counts on every node", perNode, d.PerNode)
	short("stack/capacity.go counts on altogether", shared, d.Shared)
	nodes, room := stack.Room(s)
	left := plus(room, d.PerNode, -nodes)
	short(fmt.Sprintf("%d nodes leave", nodes), left, d.Shared)
	if nodes > 0 {
		short("a node leaves one pod", stack.Resources{MilliCPU: left.MilliCPU / nodes, MiB: left.MiB / nodes}, d.Largest)
	}
	if d.Volumes > nodes*VolumesPerNode {
		faults = append(faults, fmt.Errorf("%d nodes take %d volumes, pods ask for %d", nodes, nodes*VolumesPerNode, d.Volumes))
	}
	return faults
}

// requests are a pod's as the scheduler counts them: its containers', or those of a step of its start if they are more.
func requests(spec corev1.PodSpec) stack.Resources {
	sum, start := stack.Resources{}, stack.Resources{}
	for _, c := range spec.InitContainers {
		if ptr.Deref(c.RestartPolicy, "") == corev1.ContainerRestartPolicyAlways {
			sum = plus(sum, amount(c), 1)
			continue
		}
		step := plus(sum, amount(c), 1)
		start = stack.Resources{MilliCPU: max(start.MilliCPU, step.MilliCPU), MiB: max(start.MiB, step.MiB)}
	}
	for _, c := range spec.Containers {
		sum = plus(sum, amount(c), 1)
	}
	return stack.Resources{MilliCPU: max(sum.MilliCPU, start.MilliCPU), MiB: max(sum.MiB, start.MiB)}
}

// amount is what a container asks for; a limit without a request is one.
func amount(c corev1.Container) stack.Resources {
	ask := func(name corev1.ResourceName) resource.Quantity {
		if q, ok := c.Resources.Requests[name]; ok {
			return q
		}
		return c.Resources.Limits[name]
	}
	cpu, memory := ask(corev1.ResourceCPU), ask(corev1.ResourceMemory)
	return stack.Resources{MilliCPU: int(cpu.MilliValue()), MiB: int((memory.Value() + 1<<20 - 1) >> 20)}
}

func plus(a, b stack.Resources, times int) stack.Resources {
	return stack.Resources{MilliCPU: a.MilliCPU + b.MilliCPU*times, MiB: a.MiB + b.MiB*times}
}
