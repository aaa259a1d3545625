package drill

import (
	"fmt"
	"net/http"
)

// apiKind is a kind of request, and the command that sends it.
type apiKind struct {
	verb, during string
	command      string
	from, to     State
	recovery     []string
}

// apiFailure is a request to DigitalOcean's API that fails.
type apiFailure struct {
	apiKind
	resource string
	match    string // finds the request; see Fault
	status   int    // 0: the connection is reset
	// prepare changes the settings so that the command sends the request, and restore changes them back for other drills;
	// nil: nothing to do.
	prepare, restore func(*Run)
}

// apiDrills let DigitalOcean's API fail: each kind of request of each resource once, with another error each.
func apiDrills() []Drill {
	const cluster, pool, bucket = "/v2/kubernetes/clusters/[^/]+$", "/v2/kubernetes/clusters/[^/]+/node_pools", "/[^/]*$"
	const refresh = "pulumi refresh --run-program"
	creates := apiKind{"create", "", "pulumi up", Empty, Deployed, []string{"pulumi up"}}
	reads := apiKind{"read", " in a refresh", refresh, Deployed, Deployed, []string{refresh}}
	// The state has the new settings of a failed update: only a refresh shows that the account does not.
	updates := apiKind{"update", "", "pulumi up", Deployed, Deployed, []string{refresh, "pulumi up"}}
	removes := apiKind{"delete", "", "pulumi up", Deployed, Deployed, []string{"pulumi up"}}
	destroys := apiKind{"delete", "", "pulumi destroy", Deployed, Empty, []string{"pulumi destroy"}}
	change := func(setting string) func(*Run) { return func(r *Run) { r.Set(setting, "first", "second") } }
	var drills []Drill
	for _, f := range []apiFailure{
		{creates, "vpc", "POST /v2/vpcs$", http.StatusTooManyRequests, nil, nil},
		{creates, "cluster", "POST /v2/kubernetes/clusters$", http.StatusInternalServerError, nil, nil},
		{creates, "pool", "POST " + pool + "$", 0, nil, nil},
		{creates, "project", "POST /v2/projects$", http.StatusServiceUnavailable, nil, nil},
		{creates, "bucket", "^PUT " + bucket, http.StatusServiceUnavailable, nil, nil},
		{reads, "vpc", "GET /v2/vpcs/", http.StatusInternalServerError, nil, nil},
		{reads, "cluster", "GET " + cluster, 0, nil, nil},
		{reads, "pool", "GET " + pool + "/", http.StatusServiceUnavailable, nil, nil},
		{reads, "project", "GET /v2/projects/", http.StatusTooManyRequests, nil, nil},
		{updates, "cluster", "PUT " + cluster, http.StatusServiceUnavailable, change("cluster.tags[0]"), nil},
		{updates, "pool", "PUT " + pool + "/", http.StatusTooManyRequests, change("cluster.pools[1].labels.drill"), nil},
		{updates, "project", "P(UT|ATCH) /v2/projects/", http.StatusInternalServerError, change("project.description"), nil},
		{updates, "bucket", "^PUT " + bucket, 0, (*Run).ChangeLoki, nil},
		{destroys, "vpc", "DELETE /v2/vpcs/", http.StatusInternalServerError, nil, nil},
		{destroys, "cluster", "DELETE /v2/kubernetes/clusters/[^/]+(/destroy.*)?$", http.StatusServiceUnavailable, nil, nil},
		{destroys, "project", "DELETE /v2/projects/", http.StatusTooManyRequests, nil, nil},
		{destroys, "bucket", "^DELETE " + bucket, http.StatusInternalServerError, nil, nil},
		{removes, "pool", "DELETE " + pool + "/", 0, (*Run).removePool, (*Run).addPool},
	} {
		drills = append(drills, f.drill())
	}
	return drills
}

func (f apiFailure) drill() Drill {
	happens, printed := fmt.Sprintf("is answered with %d", f.status), fmt.Sprint(f.status)
	if f.status == 0 {
		happens, printed = "meets a reset connection", "connection reset by peer"
	}
	return Drill{
		Name: "api-" + f.verb + "-" + f.resource, From: f.from, To: f.to,
		What: fmt.Sprintf("The request that %ss %s%s %s.", f.verb, article[f.resource], f.during, happens),
		Do: func(r *Run) {
			if f.prepare != nil {
				f.prepare(r)
			}
			r.Break(Fault{Match: f.match, Status: f.status})
			r.Fails(f.command, printed)
			r.Heal()
			r.Recover(f.recovery...)
			if f.restore != nil {
				f.restore(r)
			}
		},
	}
}

var article = map[string]string{
	"vpc": "the VPC", "cluster": "the cluster", "pool": "a node pool", "project": "the project", "bucket": "the bucket",
}

// removePool takes the second pool out of the stack file.
func (r *Run) removePool() {
	r.Replaces("pool extra")
	r.Succeeds("pulumi config rm --path 'doks-security:cluster.pools[1]'")
}

// addPool deploys it again.
func (r *Run) addPool() {
	for _, setting := range []string{"name' extra", "size' s-2vcpu-4gb", "count' 1"} {
		r.Succeeds("pulumi config set --path 'doks-security:cluster.pools[1]." + setting)
	}
	r.Succeeds("pulumi up")
}
