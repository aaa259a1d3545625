package digitalocean

import (
	"context"
	"time"

	"github.com/digitalocean/godo"
)

// Kubernetes runs the clusters of the account.
type Kubernetes interface {
	// Create boots a control plane and returns its URL and certificate authority (PEM).
	Create(ctx context.Context, cluster string) (endpoint string, ca []byte, err error)
	// SetNodes makes the cluster's nodes exactly these.
	SetNodes(ctx context.Context, cluster string, nodes []Node) error
	Token(ctx context.Context, cluster string, ttl time.Duration) (token string, expires time.Time, err error)
	// Volumes and LoadBalancers are what Kubernetes made in the account.
	Volumes(ctx context.Context, cluster string) ([]Volume, error)
	LoadBalancers(ctx context.Context, cluster string) ([]LoadBalancer, error)
	Delete(ctx context.Context, cluster string) error
}

// Node is a worker Droplet.
type Node struct {
	Name, ID, Pool, PoolID, Size, Region string
	CPUs, MiB                            int // of the size
	Labels                               map[string]string
	Taints                               []godo.Taint
}

// Volume is a block storage volume that the CSI driver of a cluster made.
type Volume struct {
	Name string
	GiB  int
}

// LoadBalancer is one that the cloud controller manager of a cluster made.
type LoadBalancer struct{ Name, IP string }
