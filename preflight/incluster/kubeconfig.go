package incluster

import (
	"errors"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Access is a way to an API server, and what to do when it refuses.
type Access struct {
	config                  *rest.Config
	unauthorized, forbidden string
}

// ParseKubeconfig reads a kubeconfig as DigitalOcean returns it: an address, a certificate authority and a token.
func ParseKubeconfig(kubeconfig []byte) (Access, error) {
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	switch {
	case clientcmd.IsEmptyConfig(err) || err == nil && config.BearerToken == "":
		return Access{}, errors.New("the kubeconfig from DigitalOcean has no address or no token: does the API token have " +
			"the scope kubernetes:access_cluster?")
	case err != nil:
		return Access{}, errors.New("the kubeconfig from DigitalOcean is not valid") // the cause may quote the token
	}
	return Access{config,
		"the token has expired or was revoked; run pulumi again to get a new one",
		"the API token needs the scope kubernetes:access_cluster, as an owner or member of the team"}, nil
}

// LoadKubeconfig reads the current context of a kubeconfig, and returns its name. Certificates and commands for
// credentials (exec) in it are used as kubectl does.
func LoadKubeconfig(file string) (access Access, context string, err error) {
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: file}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil)
	raw, err := loader.RawConfig()
	if err != nil {
		return Access{}, "", err
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return Access{}, "", err
	}
	return Access{config, "log in again, or write a new kubeconfig to " + file,
		"the user of " + file + " needs the ClusterRole cluster-admin"}, raw.CurrentContext, nil
}
