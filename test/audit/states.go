package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// States are the ids that the states of this program's stacks hold in one backend. A nil *States has none.
type States struct {
	stacks []string
	ids    map[string]bool // of type and id
}

func (s *States) has(resource, id string) bool {
	return s != nil && s.ids["digitalocean:index/"+resource+" "+id]
}

func (s *States) knows(stack string) bool { return s != nil && slices.Contains(s.stacks, stack) }

// ReadStates asks the Pulumi CLI for the stacks of the project in dir, in the backend it is logged in to. Secrets stay
// encrypted.
func ReadStates(ctx context.Context, pulumi, dir string) (*States, error) {
	var stacks []struct {
		Name string `json:"name"`
	}
	if err := ask(ctx, pulumi, dir, &stacks, "stack", "ls", "--json"); err != nil {
		return nil, err
	}
	s := &States{ids: map[string]bool{}}
	for _, one := range stacks {
		var state struct {
			Deployment apitype.DeploymentV3 `json:"deployment"`
		}
		if err := ask(ctx, pulumi, dir, &state, "stack", "export", "--stack", one.Name); err != nil {
			return nil, err
		}
		s.stacks = append(s.stacks, one.Name[strings.LastIndex(one.Name, "/")+1:]) // organization/stack
		s.add(state.Deployment.Resources)
	}
	return s, nil
}

func (s *States) add(resources []apitype.ResourceV3) {
	for _, r := range resources {
		s.ids[string(r.Type)+" "+string(r.ID)] = true
		// A stack on a cluster that others made (cluster.existing) knows it by its provider only.
		if id, ok := r.Inputs["clusterIdentifier"].(string); ok {
			s.ids["digitalocean:index/kubernetesCluster:KubernetesCluster "+id] = true
		}
	}
}

func ask(ctx context.Context, pulumi, dir string, into any, args ...string) error {
	command := exec.CommandContext(ctx, pulumi, append(args, "--non-interactive")...)
	command.Dir = dir
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		return fmt.Errorf("pulumi %s: %w: %s", strings.Join(args, " "), err, first)
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("reading what pulumi %s prints: %w", strings.Join(args, " "), err)
	}
	return nil
}
