package pods

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	"doks-security/charts/prometheusoperator"
	"doks-security/values"
)

// Demand is what pods request and claim. Namespaces of its claims are names, and every claim has its size.
type Demand struct {
	values.Rendered
	Largest values.Resources // the most a single pod requests, CPU and memory apart
}

// Volumes is their number.
func (d Demand) Volumes() int {
	total := 0
	for _, claim := range d.Claims {
		total += claim.Replicas
	}
	return total
}

// String is a line of a report.
func (d Demand) String() string {
	return fmt.Sprintf("%dm CPU and %d MiB on every node, %dm and %d MiB in addition, %d volumes",
		d.PerNode.MilliCPU, d.PerNode.MiB, d.Shared.MilliCPU, d.Shared.MiB, d.Volumes())
}

// Measure adds up what objects request while nothing is being installed or upgraded: jobs are over then.
func Measure(objects []*unstructured.Unstructured) (Demand, error) {
	all, err := Workloads(objects)
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
			d.PerNode = d.PerNode.Plus(pod, 1)
			continue
		}
		d.Shared = d.Shared.Plus(pod, w.Replicas)
		d.Largest = values.Resources{MilliCPU: max(d.Largest.MilliCPU, pod.MilliCPU), MiB: max(d.Largest.MiB, pod.MiB)}
		if w.Replicas > 1 && apart(w.Pod.Spec) {
			d.Apart = max(d.Apart, w.Replicas)
		}
		for _, template := range w.Claims {
			d.Claims = append(d.Claims, values.Claim{
				Name: template.Name, Namespace: w.GetNamespace(), StatefulSet: w.GetName(),
				Replicas: w.Replicas, GiB: gib(template),
				Operator: w.GetLabels()["app.kubernetes.io/managed-by"] == prometheusoperator.ManagedBy,
			})
		}
	}
	for _, o := range objects {
		if o.GetKind() != "PersistentVolumeClaim" {
			continue
		}
		var claim corev1.PersistentVolumeClaim
		if err := Convert(o, &claim); err != nil {
			return Demand{}, err
		}
		d.Claims = append(d.Claims, values.Claim{
			Name: o.GetName(), Namespace: o.GetNamespace(), Replicas: 1, GiB: gib(claim),
		})
	}
	slices.SortFunc(d.Claims, func(a, b values.Claim) int { return cmp.Compare(a.Namespace+a.Name, b.Namespace+b.Name) })
	return d, nil
}

// apart reports whether replicas share no node.
func apart(spec corev1.PodSpec) bool {
	if spec.Affinity == nil || spec.Affinity.PodAntiAffinity == nil {
		return false
	}
	return slices.ContainsFunc(spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution,
		func(t corev1.PodAffinityTerm) bool { return t.TopologyKey == corev1.LabelHostname })
}

// gib is the size a claim requests, rounded up.
func gib(claim corev1.PersistentVolumeClaim) int {
	size := claim.Spec.Resources.Requests[corev1.ResourceStorage]
	return int((size.Value() + 1<<30 - 1) >> 30)
}

// requests are a pod's as the scheduler counts them: its containers', or those of a step of its start if they are more.
func requests(spec corev1.PodSpec) values.Resources {
	sum, start := values.Resources{}, values.Resources{}
	for _, c := range spec.InitContainers {
		if ptr.Deref(c.RestartPolicy, "") == corev1.ContainerRestartPolicyAlways {
			sum = sum.Plus(amount(c), 1)
			continue
		}
		step := sum.Plus(amount(c), 1)
		start = values.Resources{MilliCPU: max(start.MilliCPU, step.MilliCPU), MiB: max(start.MiB, step.MiB)}
	}
	for _, c := range spec.Containers {
		sum = sum.Plus(amount(c), 1)
	}
	return values.Resources{MilliCPU: max(sum.MilliCPU, start.MilliCPU), MiB: max(sum.MiB, start.MiB)}
}

// amount is what a container requests; a limit without a request is one.
func amount(c corev1.Container) values.Resources {
	ask := func(name corev1.ResourceName) resource.Quantity {
		if q, ok := c.Resources.Requests[name]; ok {
			return q
		}
		return c.Resources.Limits[name]
	}
	cpu, memory := ask(corev1.ResourceCPU), ask(corev1.ResourceMemory)
	return values.Resources{MilliCPU: int(cpu.MilliValue()), MiB: int((memory.Value() + 1<<20 - 1) >> 20)}
}
