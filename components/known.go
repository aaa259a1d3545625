package components

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi-digitalocean/sdk/v4/go/digitalocean"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"

	"doks-security/preflight/incluster"
)

// Known compares what the account and the cluster have with the state: a preview that plans to create what is there
// already is an error. The state does not have it because it belongs to others, because its creation or the stack's
// destruction was interrupted, or because an older state was restored. Only a preview compares: an update creates
// resources before it could be asked. The zero value has compared nothing.
type Known struct {
	resources []existing
	releases  []installed
}

// existing is what the account has under the name of a resource.
type existing struct {
	resource   pulumi.CustomResource
	kind, name string   // as in: the VPC main
	ids        []string // more than one: the stack's may be any of them
	// importPrefix is what pulumi import wants before the id.
	importPrefix string
	status       string // of a cluster
	otherwise    string // how to use another name
}

// installed is a Helm release that the cluster has in a namespace of the stack.
type installed struct {
	resource *Release
	incluster.Release
}

// importable lets pulumi import add a compared resource without its component, which the state may not have yet:
// pulumi up moves it below the component.
func importable() pulumi.ResourceOption {
	return pulumi.Aliases([]pulumi.Alias{{NoParent: pulumi.Bool(true)}})
}

// require adds a comparison.
func (k *Known) require(e existing) { k.resources = append(k.resources, e) }

// Err awaits the plans of the compared resources. The error has all that the state does not have.
func (k *Known) Err(ctx *pulumi.Context) error {
	if !ctx.DryRun() {
		return nil
	}
	var errs []error
	planned := make([]string, len(k.resources)) // the ids that the state has; empty: none
	own := map[string]bool{}                    // the same, by kind: names may be exchanged between resources
	for i, e := range k.resources {
		var err error
		planned[i], err = plannedID(ctx, e.resource)
		errs = append(errs, err)
		own[e.kind+planned[i]] = true
	}
	for i, e := range k.resources {
		foreign := slices.DeleteFunc(slices.Clone(e.ids), func(id string) bool { return own[e.kind+id] })
		if !slices.Contains(e.ids, planned[i]) && len(foreign) > 0 {
			e.ids = foreign
			errs = append(errs, e.err(ctx, planned[i]))
		}
	}
	errs = append(errs, k.forgotten(ctx))
	*k = Known{}
	return errors.Join(errs...)
}

func (e existing) err(ctx *pulumi.Context, planned string) error {
	own, err := awaitURN(ctx, e.resource)
	if err != nil {
		return err
	}
	if planned != "" {
		forget := fmt.Sprintf("pulumi refresh --target '%s'", own)
		if e.kind == "cluster" {
			forget = forgetCluster
		}
		return fmt.Errorf("the account has another %[1]s %[2]q (%[3]s) than this stack's (%[4]v), "+
			"which has another name or no longer exists.\n    If it has another name: %[5]s\n"+
			"    If it no longer exists: %[6]s && pulumi preview, which shows how to import the other",
			e.kind, e.name, e.ids[0], planned, e.otherwise, forget)
	}
	return fmt.Errorf("the account has a %[1]s %[2]q (%[3]s%[4]s) that is not in this stack's state; "+
		"it was not created by this stack, or pulumi up or pulumi destroy was interrupted.\n"+
		"    If it is this stack's, and complete: pulumi import %[5]s %[6]s %[7]s "+
		"--protect=false --generate-code=false, then pulumi up\n"+
		"    If its creation failed: delete it, then pulumi up\n"+
		"    Otherwise: %[8]s",
		e.kind, e.name, e.ids[0], e.status, own.Type(), own.Name(), e.importPrefix+e.ids[0], e.otherwise)
}

// forgotten is the error of releases that the state does not have: Helm would refuse to install them.
func (k *Known) forgotten(ctx *pulumi.Context) error {
	var names, uninstall []string
	for _, r := range k.releases {
		planned, err := plannedID(ctx, r.resource)
		if err != nil {
			return err
		}
		if planned == "" {
			names = append(names, r.Name)
			uninstall = append(uninstall, fmt.Sprintf("helm uninstall %s --namespace %s", r.Name, r.Namespace))
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	slices.Sort(uninstall)
	loses := ""
	if slices.Contains(names, "kube-prometheus-stack") {
		loses = " (which deletes Grafana's volume)"
	}
	return fmt.Errorf("the cluster has Helm releases of this stack that are not in its state: %s; "+
		"pulumi destroy or pulumi up was interrupted, or an older state was restored.\n    To finish a destroy: "+
		"pulumi destroy\n"+
		"    With a state that has them: pulumi stack import --file <state>, pulumi refresh --run-program, then pulumi up\n"+
		"    Without one%s: %s && PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true pulumi up",
		strings.Join(names, ", "), loses, strings.Join(uninstall, " && "))
}

// requireRecord compares a site's record with those that its hostname has: a second one would answer every other
// request.
func (k *Known) requireRecord(record *digitalocean.DnsRecord, domain string, s site, found []godo.DomainRecord) {
	e := existing{resource: record, kind: "DNS record", name: s.hostname, importPrefix: domain + ",",
		otherwise: fmt.Sprintf("pulumi config set --path '%s' <another name>", s.setting)}
	for _, r := range found {
		e.ids = append(e.ids, strconv.Itoa(r.ID))
	}
	k.require(e)
}

// plannedID is the id that the state has of a resource; empty when the preview plans to create it.
func plannedID(ctx *pulumi.Context, r pulumi.CustomResource) (string, error) {
	result, err := internals.UnsafeAwaitOutput(ctx.Context(), r.ID())
	if err != nil || !result.Known {
		return "", err
	}
	return fmt.Sprint(result.Value), nil
}

func awaitURN(ctx *pulumi.Context, r pulumi.Resource) (urn.URN, error) {
	result, err := internals.UnsafeAwaitOutput(ctx.Context(), r.URN())
	return urn.URN(fmt.Sprint(result.Value)), err
}
