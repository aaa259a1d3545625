package stack

import (
	"slices"
	"testing"
)

// What cluster.protect protects is what its description says, with the cluster's place in its project.
func TestProtectedResources(t *testing.T) {
	for stack, want := range map[string][]string{
		"dev": nil,
		"prod": {
			"digitalocean:index/kubernetesCluster:KubernetesCluster::doks-security",
			"digitalocean:index/project:Project::doks-security",
			"digitalocean:index/projectResources:ProjectResources::doks-security",
			"digitalocean:index/spacesBucket:SpacesBucket::doks-security-loki",
			"digitalocean:index/vpc:Vpc::doks-security",
		},
	} {
		t.Run(stack, func(t *testing.T) {
			m := &mocks{}
			if err := deploy(t, m, stack, environment(t, stack)); err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(slices.Values(m.protected)); !slices.Equal(got, want) {
				t.Errorf("protected are %q, want %q", got, want)
			}
		})
	}
}

// The project's list of resources is not the program's: what others file under it stays there.
func TestProjectListsNoResources(t *testing.T) {
	m := &mocks{}
	if err := deploy(t, m, "dev", environment(t, "dev")); err != nil {
		t.Fatal(err)
	}
	project := m.resources["digitalocean:index/project:Project::doks-security"]
	if listed, ok := project["resources"]; ok || len(project) == 0 {
		t.Errorf("the project lists %v, want nothing", listed)
	}
	filed := m.resources["digitalocean:index/projectResources:ProjectResources::doks-security"].Mappable()
	resources, _ := filed["resources"].([]any)
	if filed["project"] != "doks-security-id" || len(resources) != 1 || resources[0] != "do:kubernetes:doks-security" {
		t.Errorf("filed is %v, want the cluster in the project", filed)
	}
}
