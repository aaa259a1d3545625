package components

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// Login is what a person types into a web interface.
type Login struct {
	User     string
	Password pulumi.StringOutput // secret
}
