package drill

import (
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/stack"
	"doks-security/test/digitalocean"
)

// clusterDrills lose the cluster, or keep the state from knowing it.
func clusterDrills() []Drill {
	const (
		up       = "pulumi up --skip-preview"
		clusters = "/v2/kubernetes/clusters"
	)
	return []Drill{
		{Name: "cluster-deleted", What: "The cluster is deleted by hand; the next command is `pulumi up`.", From: Deployed,
			Do: func(r *Run) {
				r.deleteCluster()
				r.followForget(r.Fails("pulumi up", "no longer exists in the DigitalOcean account"))
			}},
		{Name: "cluster-deleted-refresh", What: "The cluster is deleted by hand; the next command is `pulumi refresh`.",
			From: Deployed, Do: func(r *Run) {
				r.deleteCluster()
				r.Fails("pulumi refresh", unreachable)
				r.followForget(r.Fails("pulumi preview", "no longer exists in the DigitalOcean account"))
			}},
		{Name: "cluster-deleted-unreachable", What: "The cluster is deleted by hand; `pulumi refresh` is repeated as its " +
			"error says.", From: Deployed, Do: func(r *Run) {
			r.deleteCluster()
			r.Fails("pulumi refresh", unreachable)
			r.Recover("PULUMI_K8S_DELETE_UNREACHABLE=true pulumi refresh", "pulumi up")
		}},
		{Name: "cluster-forgotten", What: "A request fails while `pulumi up` waits for the cluster: it runs, and the state " +
			"does not have it.", From: Empty, Do: func(r *Run) {
			r.Break(Fault{Match: "GET " + clusters + "/[^/]+$", Status: http.StatusForbidden, Times: 1})
			r.Fails(up, "403")
			r.importCluster()
		}},
		{Name: "cluster-provisioning", What: "The cluster is still `provisioning` when `pulumi up` stops waiting for it.",
			From: Empty, Do: func(r *Run) {
				r.Disturb(digitalocean.Fault{Method: http.MethodGet, Prefix: clusters, State: "provisioning"})
				r.session.SetProgram(hasty)
				r.Fails(up, "Timeout waiting to create cluster")
				r.session.SetProgram(nil)
				r.Fails("pulumi preview", "provisioning) that is not in this stack's state")
				r.importCluster()
			}},
		{Name: "cluster-error", What: "DigitalOcean fails to create the cluster: its state is `error`.", From: Empty,
			Do: func(r *Run) {
				r.Disturb(digitalocean.Fault{Method: http.MethodGet, Prefix: clusters, State: "error",
					Message: "failed to create the control plane"})
				r.Fails(up, "failed to create the control plane")
				r.Fails("pulumi preview", "error) that is not in this stack's state")
				r.RecoverBy("doctl kubernetes cluster delete doks-security-dev", r.deleteCluster)
				r.Recover("pulumi up")
			}},
		{Name: "cluster-degraded", What: "The cluster is `degraded`.", From: Deployed, Do: func(r *Run) {
			r.Disturb(digitalocean.Fault{Method: http.MethodGet, Prefix: clusters, State: "degraded",
				Message: "a node is not ready"})
			r.ChangeLoki()
			r.Recover("pulumi up")
		}},
		{Name: "vpc-forgotten", What: "The answer to the request that creates the VPC is lost.", From: Empty,
			Do: func(r *Run) {
				r.Break(Fault{Match: "POST /v2/vpcs$", Lost: true, Times: 1})
				r.Fails(up, "a VPC with the same name already exists") // the provider asks again
				r.recoverByImport()
			}},
	}
}

// Disturb adds a fault of the account itself, until Heal.
func (r *Run) Disturb(f digitalocean.Fault) {
	_, err := r.session.Account().AddFault(f)
	r.must("disturbing the account", err)
}

// deleteCluster deletes all clusters with their volumes, as a person does, and waits until they are gone.
func (r *Run) deleteCluster() {
	r.Replaces("cluster", "pool", "namespace", "claim")
	r.Heal()
	for _, c := range r.clusters() {
		api, err := r.session.API()
		r.must("opening the API", err)
		_, err = api.Kubernetes.DeleteDangerous(r, c.ID)
		r.must("deleting the cluster", err)
	}
	r.await("the cluster is still there", func() bool { return len(r.clusters()) == 0 })
}

// followForget makes the state forget the cluster by the command of a message, and creates another one.
func (r *Run) followForget(message string) {
	r.Recover(regexp.MustCompile(`pulumi refresh --target '[^']*'`).FindString(message), "pulumi up")
}

// imports finds the command of components.Known.
var imports = regexp.MustCompile(`pulumi import .*--generate-code=false`)

// recoverByImport recovers from something that the account has and the state does not, as the preview's message says.
func (r *Run) recoverByImport() {
	r.Recover(imports.FindString(r.Fails("pulumi preview", "that is not in this stack's state")), "pulumi up")
}

// importCluster does so once the cluster runs.
func (r *Run) importCluster() {
	r.RecoverBy("doctl kubernetes cluster list # until the cluster is running", func() {
		r.Heal()
		r.await("the cluster does not run", func() bool {
			return !slices.ContainsFunc(r.clusters(),
				func(c *godo.KubernetesCluster) bool { return c.Status.State != godo.KubernetesClusterStatusRunning })
		})
	})
	r.recoverByImport()
}

func (r *Run) clusters() []*godo.KubernetesCluster {
	api, err := r.session.API()
	r.must("opening the API", err)
	clusters, _, err := api.Kubernetes.List(r, nil)
	r.must("listing clusters", err)
	return clusters
}

// await waits until something is so; otherwise is how the drill ends if it never is.
func (r *Run) await(otherwise string, so func() bool) {
	for !so() {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-r.Done():
			r.Fatalf("%s", otherwise)
		}
	}
}

// hasty is the program that waits ten seconds for the cluster.
var hasty = transformed(func(args *pulumi.ResourceTransformationArgs) {
	if args.Type == "digitalocean:index/kubernetesCluster:KubernetesCluster" {
		args.Opts = append(args.Opts, pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "10s"}))
	}
})

// transformed is the program with other resources.
func transformed(change func(*pulumi.ResourceTransformationArgs)) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		transform := func(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
			change(args)
			return &pulumi.ResourceTransformationResult{Props: args.Props, Opts: args.Opts}
		}
		err := ctx.RegisterStackTransformation(transform)
		if err != nil {
			return err
		}
		return stack.Deploy(ctx)
	}
}
