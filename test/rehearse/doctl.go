package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/digitalocean/godo"
)

// Doctl plays `doctl kubernetes cluster kubeconfig exec-credential`: doctl itself is no Go module that could be built
// here.
func Doctl(args []string) error {
	client := godo.NewFromToken(os.Getenv("DIGITALOCEAN_TOKEN"))
	if err := godo.SetBaseURL(os.Getenv("DIGITALOCEAN_API_URL"))(client); err != nil {
		return err
	}
	if len(args) < 4 || args[3] != "exec-credential" {
		return errors.New("usage: doctl kubernetes cluster kubeconfig exec-credential ID")
	}
	credentials, _, err := client.Kubernetes.GetCredentials(context.Background(), args[len(args)-1],
		&godo.KubernetesClusterCredentialsGetRequest{})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential",
		"status": map[string]any{"token": credentials.Token, "expirationTimestamp": credentials.ExpiresAt},
	})
}
