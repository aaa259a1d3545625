package rehearse

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/digitalocean/godo"
)

// What the account has already under a name of the stack is neither taken over nor doubled: a preview names all of it.
func TestAccountWithForeignResources(t *testing.T) {
	languageHost(t)
	out := &output{}
	ctx, e := session(t, out, mergeConfig(onePool(nil), map[string]any{
		"doks-security:logging": map[string]any{"storage": "spaces", "spaces": map[string]any{"bucket": "theirs"}},
	}))
	client := e.account.client(t)
	project, _, err := client.Projects.Create(ctx, &godo.CreateProjectRequest{
		Name: "doks-security-dev", Purpose: "Web Application",
	})
	must(t, out, err)
	vpc, _, err := client.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "doks-security-dev", RegionSlug: "fra1"})
	must(t, out, err)
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, e.account.spaces+"/theirs", nil)
	must(t, out, err)
	response, err := http.DefaultClient.Do(request)
	must(t, out, err)
	must(t, out, response.Body.Close())
	refused(ctx, t, out, e, `VPC "doks-security-dev" (`+vpc.ID+")")
	_, err = client.VPCs.Delete(ctx, vpc.ID)
	must(t, out, err)
	printed := refused(ctx, t, out, e, `project "doks-security-dev" (`+project.ID+")", `bucket "theirs"`,
		"pulumi config set --path 'logging.spaces.bucket' <another name>")
	imports := regexp.MustCompile(`pulumi import .*--generate-code=false`).FindAllString(printed, -1)
	if len(imports) != 2 {
		t.Fatalf("%d commands to import, want those of the project and the bucket, in\n%s", len(imports), printed)
	}
	must(t, out, e.shell(ctx, imports[0])) // it was meant for this stack
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:logging.spaces.bucket ours"))
	_, err = e.up(ctx)
	must(t, out, err)
	must(t, out, e.preview(ctx, true))
	if now, _, err := client.Projects.Get(ctx, project.ID); err != nil ||
		now.Purpose != "Operational / Developer tooling" {
		t.Errorf("the imported project is %+v, %v; want it as the stack describes it", now, err)
	}
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:project.name theirs"))
	_, _, err = client.Projects.Create(ctx, &godo.CreateProjectRequest{Name: "theirs", Purpose: "Web Application"})
	must(t, out, err)
	refused(ctx, t, out, e, `the account has another project "theirs"`,
		"pulumi config set --path 'project.name' <another name>")
	must(t, out, e.destroy(ctx, &report{out: out}))
}
