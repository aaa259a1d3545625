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

// helm is `helm rollback RELEASE REVISION --namespace NAMESPACE`: Helm's command line cannot be imported, its action can.
func helm(args []string) error {
	flags := pflag.NewFlagSet("helm", pflag.ContinueOnError)
	namespace := flags.String("namespace", "default", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 3 || flags.Arg(0) != "rollback" {
		return fmt.Errorf("helm %q: only rollback RELEASE REVISION is there", flags.Args())
	}
	revision, err := strconv.Atoi(flags.Arg(2))
	if err != nil {
		return fmt.Errorf("the revision: %w", err)
	}
	settings, configuration := cli.New(), &action.Configuration{}
	settings.SetNamespace(*namespace)
	if err := configuration.Init(settings.RESTClientGetter(), *namespace, os.Getenv("HELM_DRIVER"), func(string, ...any) {}); err != nil {
		return err
	}
	rollback := action.NewRollback(configuration)
	rollback.Version, rollback.Timeout = revision, 5*time.Minute
	if err := rollback.Run(flags.Arg(1)); err != nil {
		return err
	}
	fmt.Println("Rollback was a success! Happy Helming!")
	return nil
}
