package drill

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/pflag"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/cli"
)

// helm is `helm rollback RELEASE REVISION` and `helm uninstall RELEASE`, each with --namespace: Helm's command line
// cannot be imported, its actions can.
func helm(args []string) error {
	flags := pflag.NewFlagSet("helm", pflag.ContinueOnError)
	namespace := flags.String("namespace", "default", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	configuration, err := openHelm(os.Getenv("KUBECONFIG"), *namespace)
	if err != nil {
		return err
	}
	switch {
	case flags.NArg() == 2 && flags.Arg(0) == "uninstall":
		uninstall := action.NewUninstall(configuration)
		uninstall.Timeout = 5 * time.Minute
		_, err = uninstall.Run(flags.Arg(1))
	case flags.NArg() == 3 && flags.Arg(0) == "rollback":
		rollback := action.NewRollback(configuration)
		rollback.Timeout = 5 * time.Minute
		if rollback.Version, err = strconv.Atoi(flags.Arg(2)); err == nil {
			err = rollback.Run(flags.Arg(1))
		}
	default:
		err = fmt.Errorf("helm %q: only rollback and uninstall are there", flags.Args())
	}
	return err
}

func openHelm(kubeconfig, namespace string) (*action.Configuration, error) {
	settings, configuration := cli.New(), &action.Configuration{}
	settings.KubeConfig = kubeconfig
	settings.SetNamespace(namespace)
	silent := func(string, ...any) {}
	return configuration, configuration.Init(settings.RESTClientGetter(), namespace, os.Getenv("HELM_DRIVER"), silent)
}

// upgradeByHand is `helm upgrade --reuse-values` with other values and the release's own chart.
func (r *Run) upgradeByHand(namespace, name string, values map[string]any) {
	configuration, err := openHelm(r.kubeconfig(), namespace)
	r.must("opening Helm", err)
	installed, err := action.NewGet(configuration).Run(name)
	r.must("reading the release", err)
	upgrade := action.NewUpgrade(configuration)
	upgrade.Namespace, upgrade.ReuseValues, upgrade.Timeout = namespace, true, 5*time.Minute
	_, err = upgrade.RunWithContext(r, name, installed.Chart, values)
	r.must("upgrading the release", err)
}

// releaseValues are the values that a release was installed with last.
func (r *Run) releaseValues(namespace, name string) map[string]any {
	configuration, err := openHelm(r.kubeconfig(), namespace)
	r.must("opening Helm", err)
	values, err := action.NewGetValues(configuration).Run(name)
	r.must("reading the release's values", err)
	return values
}
