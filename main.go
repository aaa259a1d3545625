// The program Pulumi runs: one environment of a watched Kubernetes cluster on DigitalOcean.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/stack"
)

func main() { pulumi.Run(stack.Deploy) }
