package bench

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"doks-security/charts"
	"doks-security/test/rehearse"
)

const (
	previewUnchanged = "pulumi preview, nothing changed"
	previewChanged   = "pulumi preview, a setting changed"
)

// previews previews a deployed stack by the command line, without a change and with one of a single release, and has
// Terraform plan the same releases.
func (b *bench) previews(o rehearse.Options) (err error) {
	session, err := rehearse.Open(b, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	pulumi := func(args ...string) error {
		if text, err := session.Command(b, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("pulumi %s: %w\n%s", args[0], err, text)
		}
		return nil
	}
	if err := pulumi("up", "--yes", "--skip-preview"); err != nil {
		return err
	}
	before, err := releases(session)
	if err != nil {
		return err
	}
	shell, err := session.Shell()
	if err != nil {
		return err
	}
	preview := func(name, flag, shows string) error {
		if err := rehearse.LanguagePlugin(o.CLI); err != nil {
			b.add(Measure{Name: name, Skipped: err.Error()})
			return nil
		}
		return b.warm(name, shows, func() *exec.Cmd {
			return exec.CommandContext(b, "bash", "-c", ". "+shell+" && exec pulumi preview "+flag)
		})
	}
	if err := preview(previewUnchanged, "--expect-no-changes", " unchanged"); err != nil {
		return err
	}
	// Less than any stack keeps: it fits every volume.
	if err := pulumi("config", "set", "--path", "doks-security:observability.prometheusRetention", "13h"); err != nil {
		return err
	}
	if err := preview(previewChanged, "", "~ 1 to update"); err != nil {
		return err
	}
	if err := pulumi("up", "--yes", "--skip-preview"); err != nil {
		return err
	}
	after, err := releases(session)
	if err != nil {
		return err
	}
	if err := pulumi("destroy", "--yes", "--skip-preview"); err != nil {
		return err
	}
	return b.plans(before, after, filepath.Join(session.Project(), charts.Dir))
}

// releases are what Helm deployed, as it stored them.
func releases(session *rehearse.Session) ([]*release.Release, error) {
	plane, err := session.ControlPlane()
	if err != nil {
		return nil, err
	}
	all := driver.NewSecrets(plane.Client().CoreV1().Secrets(metav1.NamespaceAll))
	found, err := storage.Init(all).ListDeployed()
	if err != nil {
		return nil, fmt.Errorf("reading Helm's releases: %w", err)
	}
	return found, nil
}
