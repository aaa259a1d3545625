package preflight

import (
	"fmt"

	"github.com/digitalocean/godo"

	"doks-security/account"
	"doks-security/stack/field"
)

// firstVPC refuses to create the first VPC of a region: DigitalOcean makes it the region's default, and deletes no
// default VPC, so that pulumi destroy would wait and fail. VPCs are free of charge:
// https://docs.digitalocean.com/products/networking/vpc/reference/api/vpcs
func firstVPC(inventory *account.Inventory, vpc *godo.VPC, w Wanted, errs *field.Errors) {
	if vpc != nil || inventory.DefaultVPC(w.Region) != nil {
		return
	}
	errs.Add("cluster.region", w.Region, "a region with a default VPC: otherwise the cluster's VPC becomes the default, "+
		"which cannot be deleted, "+
		"and pulumi destroy fails", "create one, free of charge: "+createDefault(w.Region))
}

// DefaultVPC is a warning when the cluster's VPC is its region's default, with the commands that make pulumi destroy
// possible; empty otherwise.
func DefaultVPC(vpc *godo.VPC) string {
	if vpc == nil || !vpc.Default {
		return ""
	}
	return fmt.Sprintf("The VPC %s is the default of %s, which DigitalOcean does not delete. Before pulumi destroy, make "+
		"another VPC the default: "+
		"%s, then doctl vpcs update <its id> --default=true", vpc.Name, vpc.RegionSlug, createDefault(vpc.RegionSlug))
}

func createDefault(region string) string {
	return fmt.Sprintf("doctl vpcs create --name default-%s --region %[1]s", region)
}
