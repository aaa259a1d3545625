package drill

import (
	"net/http"
	"os/exec"
	"syscall"

	"doks-security/test/digitalocean"
)

// interruptDrills end runs with signals, at points spread over up, an upgrade and destroy.
func interruptDrills() []Drill {
	const (
		up      = "pulumi up --skip-preview"
		destroy = "pulumi destroy --skip-preview"
		clear   = "pulumi refresh --clear-pending-creates"
	)
	// Ctrl-C and a CI system's timeout: Pulumi waits for what is under way, and stores what it knows.
	graceful := func(name, what string, from, to State, signal syscall.Signal, command, at string) Drill {
		return Drill{Name: name, What: what, From: from, To: to, Do: func(r *Run) {
			if command == up && from == Deployed {
				r.ChangeLoki()
			}
			r.Signal(signal, command, at, "cancelling")
			r.Recover(command)
		}}
	}
	// A killed run leaves its lock, and what was under way as pending: pending creates go before the next run.
	killed := func(name, what string, from, to State, command, at string, recovery ...string) Drill {
		return Drill{Name: name, What: what, From: from, To: to, Do: func(r *Run) {
			if command == up && from == Deployed {
				r.ChangeLoki()
			}
			r.Disturb(digitalocean.Fault{Method: http.MethodPost, Prefix: "/v2/vpcs", Delay: 10}) // killed before it is there
			r.Signal(syscall.SIGKILL, command, at, "")
			r.Heal()
			r.Fails(command, "the stack is currently locked by")
			r.Recover("pulumi cancel")
			r.Recover(recovery...)
		}}
	}
	return []Drill{
		graceful("int-up-vpc", "Ctrl-C while `pulumi up` creates the VPC.", Empty, Deployed, syscall.SIGINT, up,
			"Vpc doks-security creating"),
		graceful("term-up-cluster", "SIGTERM while `pulumi up` creates the cluster.", Empty, Deployed, syscall.SIGTERM, up,
			"KubernetesCluster doks-security creating"),
		graceful("int-up-release", "Ctrl-C while `pulumi up` installs a release.", Empty, Deployed, syscall.SIGINT, up,
			"Release kube-prometheus-stack creating"),
		graceful("int-upgrade-release", "Ctrl-C while `pulumi up` upgrades a release.", Deployed, Deployed, syscall.SIGINT,
			up, "Release loki updating"),
		graceful("term-upgrade-bucket", "SIGTERM while `pulumi up` updates the bucket.", Deployed, Deployed, syscall.SIGTERM,
			up, "SpacesBucket doks-security-loki updating"),
		graceful("int-destroy-cluster", "Ctrl-C while `pulumi destroy` deletes the cluster.", Deployed, Empty, syscall.SIGINT,
			destroy, "KubernetesCluster doks-security deleting"),
		graceful("term-destroy-vpc", "SIGTERM while `pulumi destroy` deletes the VPC.", Deployed, Empty, syscall.SIGTERM,
			destroy, "Vpc doks-security deleting"),
		killed("kill-up-vpc", "`pulumi up` is killed while it creates the VPC.",
			Empty, Deployed, up, "Vpc doks-security creating", clear, up),
		{Name: "kill-up-cluster", What: "`pulumi up` is killed while it creates the cluster.", From: Empty, Do: func(r *Run) {
			running := make(chan *exec.Cmd, 1)
			wait := r.start(up, "KubernetesCluster doks-security creating", func(command *exec.Cmd) { running <- command })
			select {
			case command := <-running:
				r.await("the cluster was not asked for", func() bool { return len(r.clusters()) == 1 })
				r.must("killing pulumi up", command.Process.Kill())
			case <-r.Done():
				r.Fatalf("the run did not get that far")
			}
			_, _ = wait()
			r.Fails(up, "the stack is currently locked by")
			r.Recover("pulumi cancel", clear)
			r.importCluster()
		}},
		killed("kill-up-release", "`pulumi up` is killed while it installs a release.",
			Empty, Deployed, up, "Release kube-prometheus-stack creating", clear, upsert+up, up),
		killed("kill-upgrade-bucket", "`pulumi up` is killed while it updates the bucket.",
			Deployed, Deployed, up, "SpacesBucket doks-security-loki updating", up),
		killed("kill-upgrade-release", "`pulumi up` is killed while it upgrades a release.",
			Deployed, Deployed, up, "Release loki updating", up),
		killed("kill-destroy-cluster", "`pulumi destroy` is killed while it deletes the cluster.",
			Deployed, Empty, destroy, "KubernetesCluster doks-security deleting", destroy),
		{Name: "destroy-failed-up",
			What: "DigitalOcean does not delete the cluster, and `pulumi up` follows the failed `pulumi destroy`.",
			From: Deployed, To: Empty, Do: func(r *Run) {
				r.Break(Fault{Match: "DELETE /v2/kubernetes/clusters/[^/]+(/destroy.*)?$", Status: http.StatusInternalServerError})
				r.Fails("pulumi destroy", "500")
				r.Heal()
				r.Fails("pulumi up", forgotten)
				r.Recover("pulumi destroy")
			}},
		killed("kill-destroy-vpc", "`pulumi destroy` is killed while it deletes the VPC.",
			Deployed, Empty, destroy, "Vpc doks-security deleting", destroy),
	}
}
