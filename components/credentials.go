package components

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"

	"doks-security/account"
)

// Credentials is how the Kubernetes provider logs in.
type Credentials string

const (
	// TokenCredentials read a short-lived token at each run into a file that only its owner reads. The state holds the
	// file's path, which is the same as long as the cluster is: no diff, no secret.
	TokenCredentials Credentials = "token"
	// DoctlCredentials let doctl fetch a token at each use.
	DoctlCredentials Credentials = "doctl"
)

// tokenSeconds is how long a token is valid: longer than the longest update, short enough to be worth little when
// leaked.
const tokenSeconds = 2 * 60 * 60

// kubeconfigDir is below the project's directory, and ignored by git.
const kubeconfigDir = ".kubeconfig"

// connect makes the Kubernetes provider. It belongs to one cluster: its kubeconfig is asked for by the cluster's id and
// kept in a file named after it, so that the provider of a cluster that is gone reaches no other. clusterIdentifier
// keeps the provider, and all that it deployed, when something else changes about the way to the cluster.
func (c *Cluster) connect(ctx *pulumi.Context, name string, account *account.Account, credentials Credentials) error {
	fresh := c.ClusterID.ApplyT(func(id string) ([]byte, error) { return Kubeconfig(ctx.Context(), account, id) })
	exec := pulumi.All(c.ClusterID, fresh).ApplyT(func(all []any) (string, error) {
		return execKubeconfig(all[0].(string), all[1].([]byte))
	}).(pulumi.StringOutput)
	config := exec
	c.KubeconfigFile = pulumi.String("").ToStringOutput()
	if credentials == TokenCredentials {
		// Written here, so that the provider waits for it.
		config = pulumi.All(c.ClusterID, fresh).ApplyT(func(all []any) (string, error) {
			return WriteKubeconfig(ctx, all[0].(string), all[1].([]byte))
		}).(pulumi.StringOutput)
		c.KubeconfigFile = config
	}
	c.Kubeconfig = pulumi.ToSecret(exec).(pulumi.StringOutput)
	return c.newProvider(ctx, name, config, nil)
}

// newProvider makes the Kubernetes provider, and completes the component. Without a context it is the kubeconfig's
// current one.
func (c *Cluster) newProvider(ctx *pulumi.Context, name string, kubeconfig pulumi.StringInput,
	context pulumi.StringPtrInput) error {
	provider, err := kubernetes.NewProvider(ctx, name, &kubernetes.ProviderArgs{
		Kubeconfig:            kubeconfig,
		Context:               context,
		ClusterIdentifier:     c.ClusterID,
		EnableServerSideApply: pulumi.Bool(true),
		EnablePatchForce:      pulumi.Bool(true), // an update takes back what kubectl changed; see docs/decisions/cluster.md
		// A dashboard that changes is updated; by default, its ConfigMap is deleted and created again.
		EnableConfigMapMutable: pulumi.Bool(true),
	}, pulumi.Parent(c))
	if err != nil {
		return err
	}
	c.Provider = provider
	return ctx.RegisterResourceOutputs(c, pulumi.Map{
		"clusterId": c.ClusterID, "name": c.Name, "version": c.Version, "kubeconfig": c.Kubeconfig,
	})
}

// Kubeconfig asks for a kubeconfig of a cluster, with a token that is valid for two hours.
func Kubeconfig(ctx context.Context, a *account.Account, id string) ([]byte, error) {
	config, err := a.Kubeconfig(ctx, id, tokenSeconds)
	if errors.Is(err, account.ErrNoCluster) {
		return nil, fmt.Errorf("the cluster %s of this stack no longer exists in the DigitalOcean account. To create "+
			"a new one: "+
			"%s && pulumi up", id, forgetCluster)
	}
	return config, err
}

// WriteKubeconfig writes a cluster's kubeconfig to its file, which only its owner reads, and returns the file's path
// below the project's directory. The file is replaced in one step: a reader never sees half of it.
func WriteKubeconfig(ctx *pulumi.Context, id string, config []byte) (string, error) {
	dir := filepath.Join(ctx.RootDirectory(), kubeconfigDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("writing the kubeconfig: %w", err)
	}
	temporary, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("writing the kubeconfig: %w", err)
	}
	_, err = temporary.Write(config)
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(dir, id+".yaml"))
	}
	if err != nil {
		return "", fmt.Errorf("writing the kubeconfig: %w", errors.Join(err, os.Remove(temporary.Name())))
	}
	return path.Join(kubeconfigDir, id+".yaml"), nil
}

// execKubeconfig is the kubeconfig without its token: doctl is asked for one at each use.
func execKubeconfig(id string, config []byte) (string, error) {
	var object map[string]any
	if err := yaml.Unmarshal(config, &object); err != nil {
		return "", fmt.Errorf("the kubeconfig of cluster %s: %w", id, err)
	}
	users, _ := object["users"].([]any)
	for _, user := range users {
		if user, ok := user.(map[string]any); ok {
			user["user"] = map[string]any{"exec": map[string]any{
				"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "doctl",
				"args": []string{"kubernetes", "cluster", "kubeconfig", "exec-credential", "--version=v1beta1",
					"--context=default", id},
				"interactiveMode": "IfAvailable", "provideClusterInfo": false,
			}}
		}
	}
	text, err := yaml.Marshal(object)
	return string(text), err
}
