package audit

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/digitalocean/godo"
)

// inventory is what an account holds.
type inventory struct {
	Clusters      []*godo.KubernetesCluster
	Sizes         map[string]float64 // US dollars a month, by slug
	VPCs          []*godo.VPC
	Droplets      []godo.Droplet
	Volumes       []godo.Volume
	Snapshots     []godo.Snapshot
	LoadBalancers []godo.LoadBalancer
	Projects      []project
	Records       []record
	Keys          []*godo.SpacesKey
}

type project struct {
	godo.Project
	Resources []string // URNs
}

type record struct {
	godo.DomainRecord
	Domain string
}

// list reads all lists. One that cannot be read is empty, and part of the error. Without the clusters it returns nil.
func list(ctx context.Context, client *godo.Client) (*inventory, error) {
	i := &inventory{Sizes: map[string]float64{}}
	var err error
	i.Clusters = pages(ctx, &err, "Kubernetes clusters", "kubernetes:read", client.Kubernetes.List)
	if err != nil {
		return nil, err
	}
	for _, s := range pages(ctx, &err, "sizes of Droplets", "sizes:read", client.Sizes.List) {
		i.Sizes[s.Slug] = s.PriceMonthly
	}
	i.VPCs = pages(ctx, &err, "VPCs", "vpc:read", client.VPCs.List)
	i.Droplets = pages(ctx, &err, "Droplets", "droplet:read", client.Droplets.List)
	i.Volumes = pages(ctx, &err, "volumes", "block_storage:read",
		func(ctx context.Context, o *godo.ListOptions) ([]godo.Volume, *godo.Response, error) {
			return client.Storage.ListVolumes(ctx, &godo.ListVolumeParams{ListOptions: o})
		})
	i.Snapshots = pages(ctx, &err, "snapshots of volumes", "block_storage_snapshot:read", client.Snapshots.ListVolume)
	i.LoadBalancers = pages(ctx, &err, "load balancers", "load_balancer:read", client.LoadBalancers.List)
	for _, p := range pages(ctx, &err, "projects", "project:read", client.Projects.List) {
		one := project{Project: p}
		for _, r := range pages(ctx, &err, "resources of project "+p.Name, "project:read",
			func(ctx context.Context, o *godo.ListOptions) ([]godo.ProjectResource, *godo.Response, error) {
				return client.Projects.ListResources(ctx, p.ID, o)
			}) {
			one.Resources = append(one.Resources, r.URN)
		}
		i.Projects = append(i.Projects, one)
	}
	for _, d := range pages(ctx, &err, "domains", "domain:read", client.Domains.List) {
		for _, r := range pages(ctx, &err, "records of "+d.Name, "domain:read",
			func(ctx context.Context, o *godo.ListOptions) ([]godo.DomainRecord, *godo.Response, error) {
				return client.Domains.Records(ctx, d.Name, o)
			}) {
			i.Records = append(i.Records, record{r, d.Name})
		}
	}
	i.Keys = pages(ctx, &err, "Spaces keys", "spaces_key:read", client.SpacesKeys.List)
	return i, err
}

// pages reads all pages of a list, and adds what goes wrong to failed. scope is what a token needs to read it.
func pages[T any](ctx context.Context, failed *error, what, scope string,
	list func(context.Context, *godo.ListOptions) ([]T, *godo.Response, error)) []T {
	var all []T
	for o := (&godo.ListOptions{Page: 1, PerPage: 200}); ; o.Page++ {
		items, response, err := list(ctx, o)
		if err != nil {
			*failed = errors.Join(*failed, fmt.Errorf("listing the %s: %w%s", what, err, hint(err, scope)))
			return nil
		}
		all = append(all, items...)
		if len(items) == 0 || response.Links == nil || response.Links.IsLastPage() {
			return all
		}
	}
}

// hint says how to mend an answer about the token.
func hint(err error, scope string) string {
	var answer *godo.ErrorResponse
	if !errors.As(err, &answer) || answer.Response == nil {
		return ""
	}
	switch answer.Response.StatusCode {
	case http.StatusUnauthorized:
		return "; the token is wrong, expired or revoked: set DIGITALOCEAN_TOKEN to a valid one"
	case http.StatusForbidden:
		return "; the token has no scope " + scope + ": use one that does, or has read access"
	}
	return ""
}
