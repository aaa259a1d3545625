package drill

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// unreachable is in one of the lines that a refresh prints, for each object in a cluster that the provider cannot
// reach.
const unreachable = "Namespace doks-security-loki refreshing error"

func credentialDrills() []Drill {
	newToken := func(r *Run, then string) {
		r.RecoverBy("export DIGITALOCEAN_TOKEN=<a new token>", r.Heal)
		r.Recover(then)
	}
	return []Drill{
		{Name: "token-revoked", What: "The API token was revoked.", From: Deployed, Do: func(r *Run) {
			r.Break(Fault{Match: " /v2/", Status: http.StatusUnauthorized})
			r.Fails("pulumi preview", "401")
			newToken(r, "pulumi preview")
		}},
		{Name: "token-revoked-half-way", What: "The API token is revoked while `pulumi up` runs.", From: Empty,
			Do: func(r *Run) {
				text, err := r.start("pulumi up --skip-preview", "Vpc doks-security created", func(*exec.Cmd) {
					r.Break(Fault{Match: " /v2/", Status: http.StatusUnauthorized})
				})()
				if err == nil {
					r.Fatalf("it succeeded without a token")
				}
				r.sees("pulumi up", text, "401")
				newToken(r, "pulumi up")
			}},
		{Name: "scope-missing-for-look-up", What: "The API token has no scope to read clusters.", From: Deployed,
			Do: func(r *Run) {
				r.Break(Fault{Match: "GET /v2/kubernetes/clusters", Status: http.StatusForbidden})
				r.Fails("pulumi preview", "403")
				newToken(r, "pulumi preview")
			}},
		{Name: "scope-missing-for-create", What: "The API token has no scope to create clusters.", From: Empty,
			Do: func(r *Run) {
				r.Break(Fault{Match: "POST /v2/kubernetes/clusters$", Status: http.StatusForbidden})
				r.Fails("pulumi up", "403")
				newToken(r, "pulumi up")
			}},
		{Name: "credentials-expired", What: "Nothing ran for eight days: the kubeconfig's token has expired.", From: Deployed,
			Do: func(r *Run) {
				r.expire()
				r.Fails("kubectl get nodes", "Unauthorized")
				r.Fails("pulumi refresh", unreachable) // it runs no program, which would get a token
				r.Recover("pulumi refresh --run-program")
				r.Succeeds("kubectl get nodes")
				r.expire()
				r.ChangeLoki()
				r.Succeeds("pulumi up")
				r.Succeeds("kubectl get nodes")
			}},
		{Name: "credentials-expired-destroy", What: "The kubeconfig's token has expired when the stack is destroyed.",
			From: Deployed, To: Empty,
			Do: func(r *Run) {
				r.expire()
				r.Recover("pulumi destroy")
			}},
		{Name: "fresh-checkout", What: "A fresh checkout has no kubeconfig.", From: Deployed, Do: func(r *Run) {
			checkout := func() { r.must("removing it", os.RemoveAll(filepath.Dir(r.kubeconfig()))) }
			checkout()
			r.Succeeds("pulumi refresh --run-program")
			checkout()
			r.Recover("pulumi preview --expect-no-changes")
		}},
		{Name: "fresh-checkout-refresh", What: "A fresh checkout has no kubeconfig; the next command is `pulumi refresh`.",
			From: Deployed, Do: func(r *Run) {
				r.must("removing it", os.RemoveAll(filepath.Dir(r.kubeconfig())))
				r.Fails("pulumi refresh", unreachable)
				r.Recover("pulumi refresh --run-program")
			}},
		{Name: "fresh-checkout-destroy", What: "A fresh checkout has no kubeconfig when the stack is destroyed.",
			From: Deployed, To: Empty,
			Do: func(r *Run) {
				r.must("removing it", os.RemoveAll(filepath.Dir(r.kubeconfig())))
				r.Recover("pulumi destroy")
			}},
	}
}

func (r *Run) kubeconfig() string {
	file, err := r.session.Kubeconfig()
	r.must("finding the kubeconfig", err)
	return file
}

// expire makes the token of the kubeconfig one that the API server does not take any more.
func (r *Run) expire() {
	file := r.kubeconfig()
	text, err := os.ReadFile(file)
	r.must("reading the kubeconfig", err)
	token := regexp.MustCompile(`token: \S+`)
	if !token.Match(text) {
		r.Fatalf("the kubeconfig has no token")
	}
	r.must("writing the kubeconfig", os.WriteFile(file, token.ReplaceAll(text, []byte("token: expired")), 0o600))
}
