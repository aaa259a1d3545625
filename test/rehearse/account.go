package rehearse

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"doks-security/stack"
	"doks-security/test/controlplane"
	"doks-security/test/digitalocean"
)

// account is a simulated DigitalOcean account whose clusters are real control planes on this machine.
type account struct {
	simulator *digitalocean.Simulator
	token     string
	clusters  *clusters
	// api and spaces are the URLs by which the providers reach the account.
	api, spaces string
}

// openAccount starts the account; through is that of Options. run runs the pods of its cluster, if it is not nil.
func openAccount(ctx context.Context, dir string, through func(string) (string, error), run *pods) (*account, error) {
	if through == nil {
		through = func(url string) (string, error) { return url, nil }
	}
	a := &account{token: "rehearsal-" + rand.Text(),
		clusters: &clusters{dir: dir, through: through, pods: run, running: map[string]*controlplane.ControlPlane{}}}
	simulator, err := digitalocean.Start(ctx, digitalocean.Options{Token: a.token, Kubernetes: a.clusters})
	if err != nil {
		return nil, fmt.Errorf("starting the simulated DigitalOcean: %w", err)
	}
	a.simulator = simulator
	var apiErr, spacesErr error
	a.api, apiErr = through(simulator.URL())
	a.spaces, spacesErr = through(simulator.SpacesURL())
	if err := errors.Join(apiErr, spacesErr); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// environment points the DigitalOcean provider at the simulator, whatever account the user's own environment names.
func (a *account) environment() map[string]string {
	return map[string]string{
		"DIGITALOCEAN_TOKEN": a.token, "DIGITALOCEAN_ACCESS_TOKEN": a.token,
		"DIGITALOCEAN_API_URL": a.api,
		"SPACES_ACCESS_KEY_ID": "rehearsal", "SPACES_SECRET_ACCESS_KEY": a.token,
		"SPACES_ENDPOINT_URL": a.spaces,
	}
}

func (a *account) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return errors.Join(a.simulator.Close(), a.clusters.stop(ctx))
}

// clusters implements digitalocean.Kubernetes with one control plane a cluster.
type clusters struct {
	dir     string
	through func(url string) (string, error)
	pods    *pods
	mu      sync.Mutex
	running map[string]*controlplane.ControlPlane
}

func (c *clusters) Create(ctx context.Context, cluster string) (string, []byte, error) {
	o := controlplane.Options{Dir: filepath.Join(c.dir, "c-"+cluster[:8])}
	if c.pods != nil {
		o.Live = c.pods.options()
	}
	plane, err := controlplane.Start(ctx, o)
	if err != nil {
		return "", nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running[cluster] = plane
	endpoint, err := c.through(plane.Endpoint())
	return endpoint, plane.CA(), err
}

func (c *clusters) get(cluster string) (*controlplane.ControlPlane, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	plane, ok := c.running[cluster]
	if !ok {
		return nil, fmt.Errorf("no control plane runs for cluster %s", cluster)
	}
	return plane, nil
}

// only is the one cluster a stack has.
func (c *clusters) only() (*controlplane.ControlPlane, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.running) != 1 {
		return nil, fmt.Errorf("%d control planes run, want one", len(c.running))
	}
	for _, plane := range c.running {
		return plane, nil
	}
	return nil, nil
}

func (c *clusters) SetNodes(ctx context.Context, cluster string, nodes []digitalocean.Node) error {
	plane, err := c.get(cluster)
	if err != nil {
		return err
	}
	converted := make([]controlplane.Node, 0, len(nodes))
	for _, n := range nodes {
		size := stack.AllocatableOf(n.CPUs, n.MiB)
		var taints []corev1.Taint
		for _, t := range n.Taints {
			taints = append(taints, corev1.Taint{Key: t.Key, Value: t.Value, Effect: corev1.TaintEffect(t.Effect)})
		}
		converted = append(converted, controlplane.Node{
			Name: n.Name, ID: n.ID, Pool: n.Pool, PoolID: n.PoolID, Size: n.Size, Region: n.Region, Labels: n.Labels,
			Taints: taints,
			CPU:    *resource.NewMilliQuantity(int64(size.MilliCPU), resource.DecimalSI),
			Memory: *resource.NewQuantity(int64(size.MiB)<<20, resource.BinarySI),
		})
	}
	if c.pods != nil {
		return plane.SetLiveNode(ctx, converted[0], func() error { return c.pods.start(ctx, plane, converted[0].Name) })
	}
	return plane.SetNodes(ctx, converted)
}

func (c *clusters) Token(ctx context.Context, cluster string, ttl time.Duration) (string, time.Time, error) {
	plane, err := c.get(cluster)
	if err != nil {
		return "", time.Time{}, err
	}
	return plane.Token(ctx, ttl)
}

func (c *clusters) Volumes(ctx context.Context, cluster string) ([]digitalocean.Volume, error) {
	plane, err := c.get(cluster)
	if err != nil {
		return nil, err
	}
	volumes, err := plane.Volumes(ctx)
	var made []digitalocean.Volume
	for _, v := range volumes {
		made = append(made, digitalocean.Volume(v))
	}
	return made, err
}

func (c *clusters) LoadBalancers(ctx context.Context, cluster string) ([]digitalocean.LoadBalancer, error) {
	plane, err := c.get(cluster)
	if err != nil {
		return nil, err
	}
	balancers, err := plane.LoadBalancers(ctx)
	var made []digitalocean.LoadBalancer
	for _, b := range balancers {
		made = append(made, digitalocean.LoadBalancer(b))
	}
	return made, err
}

func (c *clusters) Delete(ctx context.Context, cluster string) error {
	plane, err := c.get(cluster)
	if err != nil {
		return err
	}
	c.mu.Lock()
	delete(c.running, cluster)
	c.mu.Unlock()
	return errors.Join(c.pods.stop(), plane.Stop(ctx))
}

func (c *clusters) stop(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.pods.stop()
	for id, plane := range c.running {
		err = errors.Join(err, plane.Stop(ctx))
		delete(c.running, id)
	}
	return err
}
