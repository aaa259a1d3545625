package rehearse

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// project is the id of the project of that name.
func (a *account) project(ctx context.Context, t *testing.T, name string) string {
	t.Helper()
	projects, _, err := a.client(t).Projects.List(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(projects, func(p godo.Project) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("no project %s", name)
	}
	return projects[i].ID
}

// filed lists the URNs in a project.
func (a *account) filed(ctx context.Context, t *testing.T, project string) []string {
	t.Helper()
	listed, _, err := a.client(t).Projects.ListResources(ctx, project, nil)
	if err != nil {
		t.Fatal(err)
	}
	var urns []string
	for _, r := range listed {
		urns = append(urns, r.URN)
	}
	slices.Sort(urns)
	return urns
}

// file moves a resource into a project, as its user does in the console.
func (a *account) file(ctx context.Context, t *testing.T, project, urn string) {
	t.Helper()
	if _, _, err := a.client(t).Projects.AssignResources(ctx, project, urn); err != nil {
		t.Fatal(err)
	}
}

// listResources makes of the state what an earlier program deployed: the list of the project's resources was an input.
func listResources(d *apitype.DeploymentV3) {
	find := func(kind string) *apitype.ResourceV3 {
		return &d.Resources[slices.IndexFunc(d.Resources, func(r apitype.ResourceV3) bool {
			return strings.HasSuffix(string(r.Type), ":"+kind)
		})]
	}
	cluster, project, filed := find("KubernetesCluster"), find("Project"), find("ProjectResources")
	*filed = *project // after the cluster: a dependency comes first
	listed := []any{cluster.Outputs["clusterUrn"]}
	filed.Inputs["resources"], filed.Outputs["resources"] = listed, listed
	filed.Dependencies = []resource.URN{cluster.URN}
	filed.PropertyDependencies = map[resource.PropertyKey][]resource.URN{"resources": filed.Dependencies}
	d.Resources = slices.DeleteFunc(d.Resources, func(r apitype.ResourceV3) bool {
		return r.URN == project.URN && len(r.Dependencies) == 0
	})
}

// What others file under the stack's project stays there, and the cluster too, also when the list of the project's
// resources was an input before.
func TestResourcesOfOthersInTheProject(t *testing.T) {
	page := documented(t, "uninstall.md")
	out := &output{}
	ctx, e := session(t, out, onePool(nil))
	outputs, err := e.up(ctx)
	must(t, out, err)
	const theirs = "do:droplet:1"
	own := "do:kubernetes:" + outputs["clusterId"].Value.(string)
	id := e.account.project(ctx, t, "doks-security-dev")
	check := func(when string, want ...string) {
		t.Helper()
		if got := e.account.filed(ctx, t, id); !slices.Equal(got, want) {
			t.Errorf("%s: in the project are %q, want %q", when, got, want)
		}
	}
	check("deployed", own)
	undrifted := func(when string) {
		t.Helper()
		out.reset()
		_, err := e.stack.PreviewRefresh(ctx, optrefresh.RunProgram(true), optrefresh.ExpectNoChanges(),
			optrefresh.SuppressOutputs(), optrefresh.ProgressStreams(out))
		if err != nil {
			t.Errorf("%s: drift: %v\n%s", when, err, out)
		}
	}
	undrifted("deployed")
	e.account.file(ctx, t, id, theirs)
	undrifted("filed by others")
	must(t, out, e.shell(ctx, "pulumi refresh --run-program"))
	must(t, out, e.preview(ctx, true))
	_, err = e.up(ctx)
	must(t, out, err)
	check("refreshed and updated", theirs, own)

	state, err := e.stack.Export(ctx)
	must(t, out, err)
	var deployment apitype.DeploymentV3
	must(t, out, json.Unmarshal(state.Deployment, &deployment))
	listResources(&deployment)
	state.Deployment, err = json.Marshal(deployment)
	must(t, out, err)
	must(t, out, e.stack.Import(ctx, state))
	must(t, out, e.shell(ctx, "pulumi refresh --run-program"))
	result, err := e.stack.Up(ctx, optup.SuppressProgress())
	must(t, out, err)
	changes := *result.Summary.ResourceChanges
	if changes["create"] != 1 || changes["update"]+changes["delete"]+changes["replace"] != 0 {
		t.Errorf("the upgrade changes %v, want one resource created", changes)
	}
	check("upgraded", theirs, own)
	must(t, out, e.preview(ctx, true))

	// The cluster is moved back, and only it.
	e.account.file(ctx, t, "default", own)
	e.account.file(ctx, t, "default", theirs)
	must(t, out, e.shell(ctx, "pulumi refresh --run-program"))
	_, err = e.up(ctx)
	must(t, out, err)
	check("moved back", own)

	e.account.file(ctx, t, id, theirs)
	const list = "pulumi refresh --target '**index/project:**'"
	if !strings.Contains(page, list) {
		t.Errorf("docs/uninstall.md does not say: %s", list)
	}
	must(t, out, e.shell(ctx, list))
	must(t, out, e.destroy(ctx, &report{out: out}))
	if left := e.account.simulator.Leftovers(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if got := e.account.filed(ctx, t, "default"); !slices.Contains(got, theirs) {
		t.Errorf("in the default project are %q, want %s", got, theirs)
	}
}
