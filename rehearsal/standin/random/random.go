// Package random stands in for the published random provider, as far as passwords go.
package random

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"doks-security/rehearsal/standin"
)

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	special = "!@#$%&*()-_=+[]{}<>:?"
)

// New makes the provider; version is the published plugin's.
func New(version string) *standin.Provider {
	password := &standin.Resource{
		ReplaceOn: []resource.PropertyKey{"length", "special", "keepers"}, // whatever changes, the password does
		Computed:  []resource.PropertyKey{"result"},
		Create: func(_ context.Context, _ string, inputs standin.Properties) (resource.ID, standin.Properties, error) {
			alphabet := letters
			if v, ok := inputs["special"]; !ok || v.BoolValue() {
				alphabet += special
			}
			text, err := generate(alphabet, int(inputs["length"].NumberValue()))
			if err != nil {
				return "", nil, err
			}
			out := inputs.Copy()
			out["result"] = resource.NewProperty(text)
			return "none", out, nil
		},
		Read: func(_ context.Context, _ resource.ID, _, state standin.Properties) (standin.Properties, error) {
			return state, nil // lives in the state only
		},
		Update: func(_ context.Context, _ resource.ID, state, inputs standin.Properties) (standin.Properties, error) {
			out := inputs.Copy()
			out["result"] = state["result"]
			return out, nil
		},
		Delete: func(context.Context, resource.ID, standin.Properties) error { return nil },
	}
	return &standin.Provider{Package: "random", PackageVersion: version, Resource: func(token tokens.Type) (*standin.Resource, error) {
		if token == "random:index/randomPassword:RandomPassword" {
			return password, nil
		}
		return nil, fmt.Errorf("the random stand-in has no %s", token)
	}}
}

func generate(alphabet string, length int) (string, error) {
	text := make([]byte, length)
	for i := range text {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "", fmt.Errorf("generating a password: %w", err)
		}
		text[i] = alphabet[n.Int64()]
	}
	return string(text), nil
}
