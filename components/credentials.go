package components

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi-digitalocean/sdk/v4/go/digitalocean"
	"github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Credentials is how the Kubernetes provider logs in.
type Credentials string

const (
	// TokenCredentials read a short-lived token at each run into a file that only its owner reads. The state holds
	// the file's path, which never changes: no diff, no secret.
	TokenCredentials Credentials = "token"
	// DoctlCredentials let doctl fetch a token at each use.
	DoctlCredentials Credentials = "doctl"
)

// tokenSeconds is the life of a token: longer than the longest update, short enough to be worth little when leaked.
const tokenSeconds = 2 * 60 * 60

// kubeconfigDir is below the project's directory, and ignored by git.
const kubeconfigDir = ".kubeconfig"

// connect makes the Kubernetes provider; live is the cluster if it stood before this run. clusterIdentifier keeps the
// provider, and all that it deployed, when its kubeconfig changes.
func (c *Cluster) connect(ctx *pulumi.Context, name, clusterName string, credentials Credentials, live *digitalocean.LookupKubernetesClusterResult) error {
	file := kubeconfigFile(ctx)
	root := ctx.RootDirectory()
	fresh := c.ClusterID.ApplyT(func(id string) (*digitalocean.LookupKubernetesClusterResult, error) {
		if live != nil && live.Id == id {
			return live, nil
		}
		created, err := lookupCluster(ctx, clusterName)
		if err == nil && created == nil {
			err = fmt.Errorf("the cluster %q is gone; run pulumi refresh", clusterName)
		}
		return created, err
	})
	exec := fresh.ApplyT(func(v any) (string, error) {
		return execKubeconfig(v.(*digitalocean.LookupKubernetesClusterResult))
	}).(pulumi.StringOutput)
	config := exec
	if credentials == TokenCredentials {
		c.KubeconfigFile = file
		// Written here, so that the provider waits for it.
		config = fresh.ApplyT(func(v any) (string, error) {
			config, err := tokenKubeconfig(v.(*digitalocean.LookupKubernetesClusterResult))
			if err != nil {
				return "", err
			}
			return file, writeKubeconfig(filepath.Join(root, filepath.FromSlash(file)), config)
		}).(pulumi.StringOutput)
	}
	provider, err := kubernetes.NewProvider(ctx, name, &kubernetes.ProviderArgs{
		Kubeconfig:            config,
		ClusterIdentifier:     c.ClusterID,
		EnableServerSideApply: pulumi.Bool(true),
	}, pulumi.Parent(c))
	if err != nil {
		return err
	}
	c.Provider = provider
	c.Kubeconfig = pulumi.ToSecret(exec).(pulumi.StringOutput)
	return ctx.RegisterResourceOutputs(c, pulumi.Map{
		"clusterId": c.ClusterID, "name": c.Name, "version": c.Version, "kubeconfig": c.Kubeconfig,
	})
}

// kubeconfigFile is below the project's directory: one for each stack.
func kubeconfigFile(ctx *pulumi.Context) string {
	return filepath.ToSlash(filepath.Join(kubeconfigDir, ctx.Stack()+".yaml"))
}

// SaveKubeconfig writes a kubeconfig where a run does that connects to the cluster: for commands to run before.
func SaveKubeconfig(ctx *pulumi.Context, kubeconfig []byte) error {
	return writeKubeconfig(filepath.Join(ctx.RootDirectory(), filepath.FromSlash(kubeconfigFile(ctx))), string(kubeconfig))
}

// writeKubeconfig replaces the file in one step: a reader never sees half of it.
func writeKubeconfig(path, config string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	temporary, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	_, err = temporary.WriteString(config)
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", errors.Join(err, os.Remove(temporary.Name())))
	}
	return nil
}

// tokenKubeconfig is DigitalOcean's own, with a token.
func tokenKubeconfig(live *digitalocean.LookupKubernetesClusterResult) (string, error) {
	if len(live.KubeConfigs) == 0 || live.KubeConfigs[0].RawConfig == "" {
		return "", errors.New("DigitalOcean returned no kubeconfig: does the API token have the scope kubernetes:access_cluster?")
	}
	return live.KubeConfigs[0].RawConfig, nil
}

// execKubeconfig holds no token: doctl is asked for one at each use.
func execKubeconfig(live *digitalocean.LookupKubernetesClusterResult) (string, error) {
	if len(live.KubeConfigs) == 0 {
		return "", errors.New("DigitalOcean returned no kubeconfig: does the API token have the scope kubernetes:access_cluster?")
	}
	ca := live.KubeConfigs[0].ClusterCaCertificate
	if _, err := base64.StdEncoding.DecodeString(ca); err != nil {
		return "", fmt.Errorf("the certificate of cluster %q: %w", live.Name, err)
	}
	return strings.NewReplacer("{name}", live.Name, "{id}", live.Id, "{host}", live.Endpoint, "{ca}", ca).Replace(`apiVersion: v1
kind: Config
clusters:
- name: {name}
  cluster:
    server: {host}
    certificate-authority-data: {ca}
users:
- name: {name}
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: doctl
      args: [kubernetes, cluster, kubeconfig, exec-credential, --version=v1beta1, --context=default, {id}]
      interactiveMode: IfAvailable
      provideClusterInfo: false
contexts:
- name: {name}
  context: {cluster: {name}, user: {name}}
current-context: {name}
`), nil
}
