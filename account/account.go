// Package account reads a DigitalOcean account through its API: the clusters, VPCs, versions, sizes, prices and domains
// that a preview compares with a stack's settings before anything is changed. It never writes.
package account

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/digitalocean/godo"
)

// Account is one DigitalOcean account, as a token sees it. Failed requests are repeated: 429 after the time the API
// asks for, 5xx and connection errors up to four times.
type Account struct {
	client *godo.Client
}

// Open takes an API token and the API's URL; an empty URL is DigitalOcean's own.
func Open(token, endpoint string) (*Account, error) {
	client := godo.NewFromToken(token)
	options := []godo.ClientOpt{
		godo.SetUserAgent("doks-security"),
		godo.WithRetryAndBackoffs(godo.RetryConfig{RetryMax: 4, RetryWaitMin: godo.PtrTo(0.5),
			RetryWaitMax: godo.PtrTo(15.0)}),
	}
	if endpoint != "" {
		options = append(options, godo.SetBaseURL(endpoint))
	}
	for _, option := range options {
		if err := option(client); err != nil {
			return nil, fmt.Errorf("the DigitalOcean API at %q: %w", endpoint, err)
		}
	}
	return &Account{client}, nil
}

// Inventory is what the account has, at one moment.
type Inventory struct {
	Clusters []*godo.KubernetesCluster
	VPCs     []*godo.VPC
	Projects []*godo.Project
	Offer
}

// Inventory asks for all of it at once.
func (a *Account) Inventory(ctx context.Context) (*Inventory, error) {
	var (
		found                                   Inventory
		clusters, vpcs, projects, offers, sizes error
		requests                                sync.WaitGroup
	)
	requests.Go(func() {
		found.Clusters, clusters = all(func(page *godo.ListOptions) ([]*godo.KubernetesCluster, *godo.Response, error) {
			return a.client.Kubernetes.List(ctx, page)
		})
	})
	requests.Go(func() {
		found.VPCs, vpcs = all(func(page *godo.ListOptions) ([]*godo.VPC, *godo.Response, error) {
			return a.client.VPCs.List(ctx, page)
		})
	})
	requests.Go(func() {
		var list []godo.Project
		list, projects = all(func(page *godo.ListOptions) ([]godo.Project, *godo.Response, error) {
			return a.client.Projects.List(ctx, page)
		})
		for i := range list {
			found.Projects = append(found.Projects, &list[i])
		}
	})
	requests.Go(func() {
		var options *godo.KubernetesOptions
		if options, _, offers = a.client.Kubernetes.GetOptions(ctx); offers == nil {
			found.add(options)
		}
	})
	requests.Go(func() {
		found.Sizes, sizes = all(func(page *godo.ListOptions) ([]godo.Size, *godo.Response, error) {
			return a.client.Sizes.List(ctx, page)
		})
	})
	requests.Wait()
	for _, request := range []struct {
		of, scope string
		err       error
	}{
		{"the Kubernetes clusters", "kubernetes:read", clusters},
		{"the VPCs", "vpc:read", vpcs},
		{"the projects", "project:read", projects},
		{"the Kubernetes versions, regions and sizes", "kubernetes:read", offers},
		{"the sizes of Droplets", "sizes:read (and regions:read)", sizes},
	} {
		if request.err != nil {
			return nil, explain(request.of, request.scope, request.err)
		}
	}
	return &found, nil
}

// Cluster is the cluster of that id; nil when there is none.
func (i *Inventory) Cluster(id string) *godo.KubernetesCluster {
	return find(i.Clusters, func(c *godo.KubernetesCluster) bool { return c.ID == id })
}

// ClusterNamed is the cluster of that name, which is unique in an account; nil when there is none.
func (i *Inventory) ClusterNamed(name string) *godo.KubernetesCluster {
	return find(i.Clusters, func(c *godo.KubernetesCluster) bool { return c.Name == name })
}

// ClusterTagged is the cluster with that tag; nil when there is none.
func (i *Inventory) ClusterTagged(tag string) *godo.KubernetesCluster {
	return find(i.Clusters, func(c *godo.KubernetesCluster) bool { return HasTag(c.Tags, tag) })
}

// ProjectNamed is the project of that name, which is unique in an account; nil when there is none.
func (i *Inventory) ProjectNamed(name string) *godo.Project {
	return find(i.Projects, func(p *godo.Project) bool { return p.Name == name })
}

// VPC is the VPC of that id; nil when there is none.
func (i *Inventory) VPC(id string) *godo.VPC {
	return find(i.VPCs, func(v *godo.VPC) bool { return v.ID == id })
}

// VPCNamed is the VPC of that name, which is unique in an account; nil when there is none.
func (i *Inventory) VPCNamed(name string) *godo.VPC {
	return find(i.VPCs, func(v *godo.VPC) bool { return v.Name == name })
}

// DefaultVPC is the default VPC of a region; nil when there is none.
func (i *Inventory) DefaultVPC(region string) *godo.VPC {
	return find(i.VPCs, func(v *godo.VPC) bool { return v.Default && v.RegionSlug == region })
}

func find[T any](list []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}

// Upgrades are the versions to which the cluster can be upgraded, as slugs.
func (a *Account) Upgrades(ctx context.Context, clusterID string) ([]string, error) {
	versions, _, err := a.client.Kubernetes.GetUpgrades(ctx, clusterID)
	if err != nil {
		return nil, explain("the upgrades of cluster "+clusterID, "kubernetes:read", err)
	}
	var slugs []string
	for _, version := range versions {
		slugs = append(slugs, version.Slug)
	}
	return slugs, nil
}

// HasDomain reports whether the account manages the DNS of a domain.
func (a *Account) HasDomain(ctx context.Context, name string) (bool, error) {
	_, response, err := a.client.Domains.Get(ctx, name)
	if isNotFound(response) {
		return false, nil
	}
	if err != nil {
		return false, explain("the domain "+name, "domain:read", err)
	}
	return true, nil
}

// AddressRecords are the records that say where a hostname of the domain is: of type A, AAAA or CNAME.
func (a *Account) AddressRecords(ctx context.Context, domain, hostname string) ([]godo.DomainRecord, error) {
	records, err := all(func(page *godo.ListOptions) ([]godo.DomainRecord, *godo.Response, error) {
		return a.client.Domains.RecordsByName(ctx, domain, hostname, page)
	})
	if err != nil {
		return nil, explain("the records of "+hostname, "domain:read", err)
	}
	return slices.DeleteFunc(records, func(r godo.DomainRecord) bool {
		return !slices.Contains([]string{"A", "AAAA", "CNAME"}, r.Type)
	}), nil
}

// Kubeconfig is a kubeconfig of the cluster with a token that is valid for that many seconds. A cluster that does not
// exist is an ErrNoCluster.
func (a *Account) Kubeconfig(ctx context.Context, clusterID string, seconds int) ([]byte, error) {
	config, response, err := a.client.Kubernetes.GetKubeConfigWithExpiry(ctx, clusterID, int64(seconds))
	if isNotFound(response) {
		return nil, fmt.Errorf("%w: %s", ErrNoCluster, clusterID)
	}
	if err != nil {
		return nil, explain("a kubeconfig of cluster "+clusterID, "kubernetes:access_cluster", err)
	}
	return config.KubeconfigYAML, nil
}

// all reads every page of a list.
func all[T any](list func(*godo.ListOptions) ([]T, *godo.Response, error)) ([]T, error) {
	var found []T
	for page := 1; ; page++ {
		items, response, err := list(&godo.ListOptions{Page: page, PerPage: 200})
		if err != nil {
			return nil, err
		}
		found = append(found, items...)
		if response.Links == nil || response.Links.IsLastPage() {
			return found, nil
		}
	}
}
