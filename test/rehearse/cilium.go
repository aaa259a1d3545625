package rehearse

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// ciliumPolicy is a CiliumNetworkPolicy, as far as this project writes them. Anything else in one is an error: what is
// not understood must not be taken for allowed or denied.
type ciliumPolicy struct {
	Namespace, Name string
	Spec            struct {
		EndpointSelector endpoints    `json:"endpointSelector"`
		Ingress          []ciliumRule `json:"ingress"`
		Egress           []ciliumRule `json:"egress"`
	}
}

type endpoints struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

type ciliumRule struct {
	FromEntities  []string    `json:"fromEntities"`
	FromEndpoints []endpoints `json:"fromEndpoints"`
	ToEntities    []string    `json:"toEntities"`
	ToPorts       []struct {
		Ports []struct {
			Port     string `json:"port"`
			Protocol string `json:"protocol"`
		} `json:"ports"`
	} `json:"toPorts"`
}

func ciliumPolicies(ctx context.Context, client dynamic.Interface) ([]ciliumPolicy, error) {
	list, err := client.Resource(schema.GroupVersionResource{Group: "cilium.io", Version: "v2",
		Resource: "ciliumnetworkpolicies"}).
		List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing CiliumNetworkPolicies: %w", err)
	}
	var all []ciliumPolicy
	for _, item := range list.Items {
		p, err := newCiliumPolicy(item.Object)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func newCiliumPolicy(object map[string]any) (ciliumPolicy, error) {
	meta, _ := object["metadata"].(map[string]any)
	p := ciliumPolicy{Namespace: fmt.Sprint(meta["namespace"]), Name: fmt.Sprint(meta["name"])}
	text, err := json.Marshal(object["spec"])
	if err != nil {
		return p, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p.Spec); err != nil {
		return p, fmt.Errorf("CiliumNetworkPolicy %s/%s says what is not evaluated here: %w", p.Namespace, p.Name, err)
	}
	return p, nil
}

// selects reports whether a policy is about a pod.
func (p *ciliumPolicy) selects(pod *corev1.Pod) bool {
	return pod.Namespace == p.Namespace && p.Spec.EndpointSelector.matches(pod)
}

func (e endpoints) matches(pod *corev1.Pod) bool {
	for key, value := range e.MatchLabels {
		got := pod.Labels[key]
		if key == "k8s:io.kubernetes.pod.namespace" {
			got = pod.Namespace
		}
		if got != value {
			return false
		}
	}
	return true
}

// allows reports whether one of the rules lets an end and a port through.
func allows(rules []ciliumRule, other end, port int) bool {
	for _, rule := range rules {
		if !rule.hasPort(port) {
			continue
		}
		if other.pod == nil {
			if slices.Contains(rule.FromEntities, other.entity) || slices.Contains(rule.ToEntities, other.entity) {
				return true
			}
			continue
		}
		if slices.ContainsFunc(rule.FromEndpoints, func(e endpoints) bool { return e.matches(other.pod) }) {
			return true
		}
	}
	return false
}

func (r *ciliumRule) hasPort(port int) bool {
	for _, to := range r.ToPorts {
		for _, p := range to.Ports {
			if p.Port == strconv.Itoa(port) && p.Protocol == string(corev1.ProtocolTCP) {
				return true
			}
		}
	}
	return len(r.ToPorts) == 0
}
