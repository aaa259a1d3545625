package charts

import (
	"fmt"
	"strings"

	"doks-security/values"
)

// Error is a chart that is not available: why, what is expected, and how to fix it.
type Error struct {
	Chart                  values.Chart
	Problem, Expected, Fix string
}

// Errors are all charts that are not available.
type Errors []Error

func (es Errors) Error() string {
	noun := "charts are"
	if len(es) == 1 {
		noun = "chart is"
	}
	lines := []string{fmt.Sprintf("%d Helm %s not available; no resources were changed", len(es), noun)}
	for _, e := range es {
		lines = append(lines,
			fmt.Sprintf("  %s %s: %s", e.Chart.Name, e.Chart.Version, e.Problem), "    expected: "+e.Expected, "    fix: "+e.Fix)
	}
	return strings.Join(lines, "\n")
}

// Err is nil without errors: a nil Errors in an error would not be.
func (es Errors) Err() error {
	if len(es) == 0 {
		return nil
	}
	return es
}

func expected(pin values.Chart) string {
	if pin.SHA256 == "" {
		return "an archive of this version"
	}
	return "sha256 " + pin.SHA256 + ", the pin in " + pin.File
}

// withoutCharts is the way out of those who only want to take down what runs.
const withoutCharts = "; pulumi destroy and pulumi refresh need no charts: set CHARTS_OFFLINE=1"

func unreachable(pin values.Chart, repository string, err error) *Error {
	if isDirectory(repository) {
		return &Error{
			Chart: pin, Problem: err.Error(), Expected: expected(pin) + ", in " + repository,
			Fix: fmt.Sprintf("make charts CHARTS_DIR='%s', which fetches what it lacks%s", repository, withoutCharts),
		}
	}
	return &Error{
		Chart: pin, Problem: err.Error(), Expected: expected(pin) + ", from " + repository,
		Fix: "check the connection to that address (a proxy is set by HTTPS_PROXY), or use a mirror: " +
			"pulumi config set --path doks-security:charts.mirror <https://repository, oci://registry or directory>" +
			withoutCharts,
	}
}

func replaced(pin values.Chart, repository, digest string) *Error {
	return &Error{
		Chart: pin, Problem: fmt.Sprintf("the archive from %s has sha256 %s", repository, digest), Expected: expected(pin),
		Fix: "find out who replaced the archive before you change the pin; for archives packaged from source: " +
			"pulumi config set --path doks-security:charts.unverified true",
	}
}

func changed(dir string, pin values.Chart, digest string) *Error {
	return &Error{
		Chart: pin, Problem: fmt.Sprintf("%s has sha256 %s", Archive(dir, pin), digest), Expected: expected(pin),
		Fix: fmt.Sprintf("rm '%s', then make charts, which fetches it again; for archives packaged from source: "+
			"pulumi config set --path doks-security:charts.unverified true", Archive(dir, pin)),
	}
}

func unpinned(pin values.Chart) *Error {
	return &Error{
		Chart: pin, Problem: pin.File + " has no sha256 of it", Expected: "a pinned sha256 in profile prod",
		Fix: "make charts, which enters it, then commit the file; or accept charts that are not verified: " +
			"pulumi config set --path doks-security:charts.unverified true",
	}
}
