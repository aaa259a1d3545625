package drill

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/digitalocean/godo"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/test/rehearse"
)

// inventory is what a deployed stack must not lose or have twice, with the identifiers.
type inventory map[string][]string

// take lists what there is in the account and in its only cluster.
func take(ctx context.Context, s *rehearse.Session) (inventory, error) {
	have := inventory{}
	add := func(kind, name, id string) { have[kind+" "+name] = append(have[kind+" "+name], id) }
	for _, left := range s.Account().Leftovers() {
		if kind, name, _ := strings.Cut(left, " "); kind == "bucket" {
			add(kind, name, name)
		}
	}
	api, err := s.API()
	if err != nil {
		return nil, err
	}
	all := &godo.ListOptions{PerPage: 200}
	clusters, _, err := api.Kubernetes.List(ctx, all)
	if err != nil {
		return nil, fmt.Errorf("listing clusters: %w", err)
	}
	for _, c := range clusters {
		add("cluster", c.Name, c.ID)
		for _, p := range c.NodePools {
			add("pool", p.Name, p.ID)
		}
	}
	vpcs, _, err := api.VPCs.List(ctx, all)
	if err != nil {
		return nil, fmt.Errorf("listing VPCs: %w", err)
	}
	for _, v := range vpcs {
		add("vpc", v.Name, v.ID)
	}
	projects, _, err := api.Projects.List(ctx, all)
	if err != nil {
		return nil, fmt.Errorf("listing projects: %w", err)
	}
	for _, p := range projects {
		add("project", p.Name, p.ID)
	}
	keys, _, err := api.SpacesKeys.List(ctx, all)
	if err != nil {
		return nil, fmt.Errorf("listing Spaces keys: %w", err)
	}
	for _, k := range keys {
		add("spaces key", k.Name, k.AccessKey)
	}
	if len(clusters) != 1 {
		return have, nil
	}
	plane, err := s.ControlPlane()
	if err != nil {
		return nil, err
	}
	claims, err := plane.Client().CoreV1().PersistentVolumeClaims("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing claims: %w", err)
	}
	for _, c := range claims.Items {
		add("claim", c.Namespace+"/"+c.Name, string(c.UID)+" on "+c.Spec.VolumeName)
	}
	namespaces, err := plane.Client().CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing namespaces: %w", err)
	}
	for _, n := range namespaces.Items {
		add("namespace", n.Name, string(n.UID))
	}
	return have, nil
}

// differences are what after lost, and what it has beyond before; of what starts with one of replaced only the number
// counts.
func (before inventory) differences(after inventory, replaced []string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(before)) {
		was, is := before[name], after[name]
		sameIDs := slices.ContainsFunc(replaced, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) ||
			slices.Equal(slices.Sorted(slices.Values(was)), slices.Sorted(slices.Values(is)))
		switch {
		case len(is) == 0:
			list = append(list, name+" is lost")
		case len(is) != len(was):
			list = append(list, fmt.Sprintf("%d of %s, not %d", len(is), name, len(was)))
		case !sameIDs:
			list = append(list, fmt.Sprintf("%s is another: %v, not %v", name, is, was))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, known := before[name]; !known {
			list = append(list, name+" is new")
		}
	}
	return list
}

// names forgets the identifiers: a stack that is deployed again has the same things.
func (before inventory) names() []string { return slices.Sorted(maps.Keys(before)) }
