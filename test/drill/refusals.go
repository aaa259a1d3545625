package drill

import (
	"cmp"
	"regexp"
	"strings"
)

// refusal is a change of the stack file that would lose something.
type refusal struct {
	name, what string
	change     []string // commands
	key        string   // of the error
	// back are the commands that take the change back, where the error names no single one.
	back []string
	// then is the last command of the recovery; empty: pulumi preview.
	then string
	// after brings the stack back to what the other drills expect.
	after []string
}

func set(setting, value string) string {
	return "pulumi config set --path 'doks-security:" + setting + "' " + value
}

// refusalDrills change settings of a running stack, as an edit of the stack file does. TestEditsNeverReplaceTheCluster,
// TestEditsOfARunningStack and TestClusterWithForeignObjects of package rehearse have more of them.
func refusalDrills() []Drill {
	var drills []Drill
	for _, c := range []refusal{
		{name: "region", what: "`cluster.region` is changed.", change: []string{set("cluster.region", "ams3")},
			key: "cluster.region"},
		{name: "vpc-range", what: "The IP range of the VPC is changed.",
			change: []string{set("cluster.network.vpc", "10.20.0.0/20")}, key: "cluster.network.vpc"},
		{name: "first-pool-resized", what: "The size of the first node pool is changed.",
			change: []string{set("cluster.pools[0].size", "s-4vcpu-8gb")}, key: "cluster.pools[0].size"},
		{name: "first-pool-replaced", what: "The first node pool is renamed and gets another size.",
			change: []string{set("cluster.pools[0].name", "other"), set("cluster.pools[0].size", "s-4vcpu-8gb")},
			key:    "cluster.pools[0].name",
			back:   []string{set("cluster.pools[0].name", "default"), set("cluster.pools[0].size", "s-2vcpu-4gb")}},
		{name: "pools-reordered", what: "Another node pool is listed before the first.",
			change: []string{set("cluster.pools[0].name", "extra"), set("cluster.pools[1].name", "default")},
			key:    "cluster.pools[0].name",
			back:   []string{set("cluster.pools[0].name", "default"), set("cluster.pools[1].name", "extra")}},
		{name: "version", what: "`cluster.version` is two minors ahead.", change: []string{set("cluster.version", "1.36")},
			key:  "cluster.version",
			back: []string{set("cluster.version", "1.34")}},
		{name: "volume-size", what: "`observability.prometheusVolumeGiB` is raised.",
			change: []string{set("observability.prometheusVolumeGiB", "20")}, key: "observability.prometheusVolumeGiB",
			then: "pulumi up"},
		{name: "profile", what: "`profile` is changed from dev to prod, with nodes that are large enough for it.",
			change: []string{set("profile", "prod"), set("cluster.pools[0].count", "20")}, key: "cluster.ha",
			back: []string{set("profile", "dev"), set("cluster.pools[0].count", "3")}},
		{name: "namespace", what: "The cluster has a foreign namespace with the name of one that the stack is to create.",
			change: []string{"kubectl create namespace vcluster", set("virtualClusters.demo", "true")}, key: "namespaces",
			back: []string{set("namespaces.names.vcluster", "demo")},
			after: []string{"pulumi config rm --path 'doks-security:virtualClusters.demo'",
				"kubectl delete namespace vcluster"}},
	} {
		drills = append(drills, Drill{Name: "refused-" + c.name, What: c.what, From: Deployed, Do: func(r *Run) {
			for _, line := range c.change {
				r.Succeeds(line)
			}
			fix := r.Refused(c.key)
			if c.back == nil {
				c.back = commandsOf(fix)
			}
			r.Recover(append(c.back, cmp.Or(c.then, "pulumi preview"))...)
			for _, line := range c.after {
				r.Succeeds(line)
			}
		}})
	}
	return drills
}

// Refused previews, which must fail with an error of the setting. It returns how to fix it.
func (r *Run) Refused(key string) (fix string) {
	text := r.Fails("pulumi preview", "doks-security:"+key+": ")
	// The lines of field.Error, and commands below them.
	parts := regexp.MustCompile(`doks-security:` + regexp.QuoteMeta(key) +
		`: .*\n +(allowed: .*)\n +(fix: .*)\n((?: +kubectl .*\n)*)`).FindStringSubmatch(text)
	if parts == nil {
		r.Fatalf("the error of %s does not say what is allowed and how to fix it", key)
	}
	for _, line := range append(parts[1:3], strings.Split(strings.TrimSpace(parts[3]), "\n")...) {
		if line = strings.TrimSpace(line); line != "" {
			r.messages = append(r.messages, r.neutral(line))
		}
	}
	return parts[2] + "\n" + parts[3]
}

// commandsOf are the commands of a fix: those of kubectl, one a line, or else the first of pulumi or helm.
func commandsOf(fix string) []string {
	if commands := regexp.MustCompile(`(?m)kubectl --.*$`).FindAllString(fix, -1); commands != nil {
		return commands
	}
	return regexp.MustCompile(`pulumi config (set|rm) --path '[^']*'( [^ ;]+)?|helm rollback [^,;\n]+`).FindAllString(fix,
		1)
}
