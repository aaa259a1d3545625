// Package random stands in for the published random provider, as far as passwords go.
package random

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"doks-security/rehearsal/standin"
)

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	special = "!@#$%&*()-_=+[]{}<>:?"
)

// New makes the provider; version is the published plugin's.
func New(version string) *standin.Provider {
	return &standin.Provider{Package: "random", PackageVersion: version, Open: func() *standin.Instance {
		return &standin.Instance{Resource: func(token tokens.Type) (standin.Resource, error) {
			if token == "random:index/randomPassword:RandomPassword" {
				return password{}, nil
			}
			return nil, fmt.Errorf("the random stand-in has no %s", token)
		}}
	}}
}

// password exists in the state only. Whatever changes in its inputs replaces it.
type password struct{ standin.Stateless }

func (password) Diff(_ context.Context, r plugin.DiffRequest) (plugin.DiffResult, error) {
	result := standin.CompareInputs(r.OldInputs, r.NewInputs)
	result.ReplaceKeys = result.ChangedKeys
	return result, nil
}

func (password) Create(_ context.Context, r plugin.CreateRequest) (resource.ID, standin.Properties, error) {
	out := r.Properties.Copy()
	if r.Preview {
		out["result"] = resource.MakeSecret(resource.MakeComputed(resource.NewProperty("")))
		return "", out, nil
	}
	alphabet := letters
	if v, ok := r.Properties["special"]; !ok || v.BoolValue() {
		alphabet += special
	}
	text, err := generate(alphabet, int(r.Properties["length"].NumberValue()))
	out["result"] = resource.MakeSecret(resource.NewProperty(text))
	return "none", out, err
}

func (password) Update(_ context.Context, r plugin.UpdateRequest) (standin.Properties, error) {
	out := r.NewInputs.Copy()
	out["result"] = resource.MakeSecret(r.OldOutputs["result"])
	return out, nil
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
