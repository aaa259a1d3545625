package controlplane

import (
	"context"
	"fmt"

	authv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// WriteKubeconfig writes a kubeconfig that logs in as a ServiceAccount, with a token of an hour.
func (c *ControlPlane) WriteKubeconfig(ctx context.Context, file, namespace, account string) error {
	request, err := c.client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, account, &authv1.TokenRequest{},
		metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("making a token of %s/%s: %w", namespace, account, err)
	}
	config := api.NewConfig()
	config.Clusters[account] = &api.Cluster{Server: c.Endpoint(), CertificateAuthorityData: c.CA()}
	config.AuthInfos[account] = &api.AuthInfo{Token: request.Status.Token}
	config.Contexts[account] = &api.Context{Cluster: account, AuthInfo: account}
	config.CurrentContext = account
	return clientcmd.WriteToFile(*config, file)
}
