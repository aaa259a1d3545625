package digitalocean

import (
	"net/http"
	"testing"

	"github.com/digitalocean/godo"
)

func TestProjectsMoveResources(t *testing.T) {
	s, c := open(t, &fake{})
	ctx := t.Context()
	request := &godo.CreateProjectRequest{Name: "p", Purpose: "x", Environment: "Development"}
	project, _, err := c.Projects.Create(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Projects.Create(ctx, request); status(err) != http.StatusConflict {
		t.Errorf("err = %v, want 409: names of projects are unique", err)
	}
	if _, _, err := c.Projects.AssignResources(ctx, project.ID, "do:kubernetes:1"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Projects.Delete(ctx, project.ID); status(err) != http.StatusPreconditionFailed {
		t.Errorf("a project with resources is deleted: %v", err)
	}
	fallback, _, err := c.Projects.GetDefault(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Projects.AssignResources(ctx, fallback.ID, "do:kubernetes:1"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Projects.Delete(ctx, project.ID); err != nil {
		t.Error(err)
	}
	if left := s.Leftovers(); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}
