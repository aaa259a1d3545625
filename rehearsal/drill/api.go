package drill

import (
	"fmt"
	"net/http"
)

// apiDrills let DigitalOcean's API fail: each kind of request of each resource once, with another error each.
func apiDrills() []Drill {
	const cluster, pool = "/v2/kubernetes/clusters/[^/]+$", "/v2/kubernetes/clusters/[^/]+/node_pools"
	const bucket = "/[^/]*$"
	wants := map[string]string{
		"api-update-bucket": "The rehearsal's stand-in for the provider does not send the rules of a bucket.",
		"api-delete-bucket": "The rehearsal's stand-in for the provider takes a failed deletion of a bucket for a success.",
	}
	var drills []Drill
	for _, c := range []struct {
		resource, match string
		status          int // 0: the connection is reset
	}{
		{"vpc", "POST /v2/vpcs$", http.StatusTooManyRequests},
		{"cluster", "POST /v2/kubernetes/clusters$", http.StatusInternalServerError},
		{"pool", "POST " + pool + "$", 0},
		{"project", "POST /v2/projects$", http.StatusServiceUnavailable},
		{"bucket", "^PUT " + bucket, http.StatusServiceUnavailable},
	} {
		drills = append(drills, Drill{
			Name: "api-create-" + c.resource, What: "The request that creates " + article[c.resource] + " " + failsWith(c.status), From: Empty,
			Do: func(r *Run) {
				r.Break(Fault{Match: c.match, Status: c.status})
				r.Fails("pulumi up", printedFor(c.status))
				r.Heal()
				r.Recover("pulumi up")
			},
		})
	}
	for _, c := range []struct {
		resource, match string
		status          int
	}{
		{"vpc", "GET /v2/vpcs/", http.StatusInternalServerError},
		{"cluster", "GET " + cluster, 0},
		{"pool", "GET " + pool + "/", http.StatusServiceUnavailable},
		{"project", "GET /v2/projects/", http.StatusTooManyRequests},
	} {
		drills = append(drills, Drill{
			Name: "api-read-" + c.resource, What: "The request that reads " + article[c.resource] + " in a refresh " + failsWith(c.status), From: Deployed,
			Do: func(r *Run) {
				r.Break(Fault{Match: c.match, Status: c.status})
				r.Fails("pulumi refresh --run-program", printedFor(c.status))
				r.Heal()
				r.Recover("pulumi refresh --run-program")
			},
		})
	}
	for _, c := range []struct {
		resource, match, setting, value, other string
		status                                 int
	}{
		{"cluster", "PUT " + cluster, "cluster.tags[0]", "first", "second", http.StatusServiceUnavailable},
		{"pool", "PUT " + pool + "/", "cluster.pools[1].labels.drill", "first", "second", http.StatusTooManyRequests},
		{"project", "P(UT|ATCH) /v2/projects/", "project.description", "first", "second", http.StatusInternalServerError},
		{"bucket", "^PUT " + bucket, "logging.retention", "2d", "3d", 0},
	} {
		drills = append(drills, Drill{
			Name: "api-update-" + c.resource, Wants: wants["api-update-"+c.resource], What: "The request that updates " + article[c.resource] + " " + failsWith(c.status), From: Deployed,
			Do: func(r *Run) {
				r.Set(c.setting, c.value, c.other)
				r.Break(Fault{Match: c.match, Status: c.status})
				r.Fails("pulumi up", printedFor(c.status))
				r.Heal()
				r.Recover("pulumi up")
			},
		})
	}
	for _, c := range []struct {
		resource, match string
		status          int
	}{
		{"vpc", "DELETE /v2/vpcs/", http.StatusInternalServerError},
		{"cluster", "DELETE /v2/kubernetes/clusters/[^/]+(/destroy.*)?$", http.StatusServiceUnavailable},
		{"project", "DELETE /v2/projects/", http.StatusTooManyRequests},
		{"bucket", "^DELETE " + bucket, http.StatusInternalServerError},
	} {
		drills = append(drills, Drill{
			Name: "api-delete-" + c.resource, Wants: wants["api-delete-"+c.resource], What: "The request that deletes " + article[c.resource] + " " + failsWith(c.status), From: Deployed, To: Empty,
			Do: func(r *Run) {
				r.Break(Fault{Match: c.match, Status: c.status})
				r.Fails("pulumi destroy", printedFor(c.status))
				r.Heal()
				r.Recover("pulumi destroy")
			},
		})
	}
	return append(drills, Drill{
		Name: "api-delete-pool", What: "The request that deletes a node pool " + failsWith(0), From: Deployed,
		Do: func(r *Run) {
			r.Replaces("pool extra")
			r.Succeeds("pulumi config rm --path 'doks-security:cluster.pools[1]'")
			r.Break(Fault{Match: "DELETE " + pool + "/"})
			r.Fails("pulumi up", printedFor(0))
			r.Heal()
			r.Recover("pulumi up")
			for _, setting := range []string{"name' extra", "size' s-2vcpu-4gb", "count' 1"} { // as the other drills expect it
				r.Succeeds("pulumi config set --path 'doks-security:cluster.pools[1]." + setting)
			}
			r.Succeeds("pulumi up")
		},
	})
}

var article = map[string]string{
	"vpc": "the VPC", "cluster": "the cluster", "pool": "a node pool", "project": "the project", "bucket": "the bucket",
}

func failsWith(status int) string {
	if status == 0 {
		return "meets a reset connection."
	}
	return fmt.Sprintf("is answered with %d.", status)
}

// printedFor is what the line has that a user sees.
func printedFor(status int) string {
	if status == 0 {
		return "connection reset by peer"
	}
	return fmt.Sprint(status)
}
