// Package random stands in for the published random provider, as far as passwords go. testdata holds it against
// recorded answers of the published plugin.
package random

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"math/big"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"doks-security/test/fakeproviders"
)

const (
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower   = "abcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
	special = "!@#$%&*()-_=+[]{}<>:?"
)

// New makes the provider; version is the published plugin's.
func New(version string) *fakeproviders.Provider {
	return &fakeproviders.Provider{Package: "random", PackageVersion: version, Open: func() *fakeproviders.Instance {
		return &fakeproviders.Instance{Resource: func(token tokens.Type) (fakeproviders.Resource, error) {
			if token == "random:index/randomPassword:RandomPassword" {
				return password{}, nil
			}
			return nil, fmt.Errorf("the random stand-in has no %s", token)
		}}
	}}
}

// password exists in the state only. Whatever changes in its inputs replaces it.
type password struct{ fakeproviders.Stateless }

// generated are the outputs that are no inputs.
var generated = []resource.PropertyKey{"id", "result", "bcryptHash"}

// complete adds to inputs what the program does not say.
func complete(inputs fakeproviders.Properties) fakeproviders.Properties {
	out := resource.NewPropertyMapFromMap(map[string]any{
		"upper": true, "lower": true, "number": true, "numeric": true, "special": true,
		"minUpper": 0, "minLower": 0, "minNumeric": 0, "minSpecial": 0,
	})
	maps.Copy(out, inputs)
	return out
}

func (password) Check(_ context.Context, r plugin.CheckRequest) (plugin.CheckResponse, error) {
	response := plugin.CheckResponse{Properties: r.News}
	length := r.News["length"]
	switch {
	case length.IsComputed(), length.IsNumber() && length.NumberValue() >= 1:
	case length.IsNumber():
		response.Failures = []plugin.CheckFailure{{Reason: fmt.Sprintf("Invalid Attribute Value. Attribute length value "+
			"must be at least 1, "+
			"got: %v. Examine values at '%s.length'.", length.NumberValue(), r.URN.Name())}}
	case length.IsNull():
		response.Failures = []plugin.CheckFailure{{Reason: "Missing required property 'length': The length of the string " +
			"desired. The minimum " +
			"value for length is 1 and, length must also be >= (`min_upper` + `min_lower` + `min_numeric` + `min_special`)."}}
	default:
		return response, fmt.Errorf("cannot encode resource inputs to call ValidateResourceConfig: objectEncoder failed on "+
			"property %q: "+
			"Expected a Number, got %#v true", "length", length)
	}
	return response, nil
}

// Diff compares the state with what the inputs plan, and names what replaces, not how.
func (password) Diff(_ context.Context, r plugin.DiffRequest) (plugin.DiffResult, error) {
	old := r.OldOutputs.Copy()
	for _, key := range generated {
		delete(old, key)
	}
	result := fakeproviders.CompareInputs(old, complete(r.NewInputs))
	result.ReplaceKeys, result.DetailedDiff = result.ChangedKeys, nil
	return result, nil
}

func (password) Create(_ context.Context, r plugin.CreateRequest) (resource.ID, fakeproviders.Properties, error) {
	out := complete(r.Properties)
	if r.Preview {
		for _, key := range generated {
			out[key] = resource.MakeComputed(resource.NewProperty(""))
		}
		return "", out, nil
	}
	text, err := generate(alphabet(out), int(out["length"].NumberValue()))
	if err != nil {
		return "", nil, err
	}
	return "none", out, keep(out, text)
}

// keep writes a password into a state. Its hash has the form of one only: the program does not use it.
func keep(out fakeproviders.Properties, text string) error {
	hash, err := generate(upper+lower+digits+"./", 53)
	out["id"] = resource.NewProperty("none")
	out["result"] = resource.MakeSecret(resource.NewProperty(text))
	out["bcryptHash"] = resource.MakeSecret(resource.NewProperty("$2a$10$" + hash))
	return err
}

// Read finds what the state has. An imported password is its own ID, and is one of all characters.
func (p password) Read(ctx context.Context, r plugin.ReadRequest) (plugin.ReadResult, error) {
	if len(r.State) > 0 {
		return p.Stateless.Read(ctx, r)
	}
	out := complete(fakeproviders.Properties{"length": resource.NewProperty(float64(len(r.ID)))})
	in := fakeproviders.Properties{}
	for key, value := range out {
		if value != resource.NewProperty(0.0) {
			in[key] = value
		}
	}
	return plugin.ReadResult{ID: "none", Inputs: in, Outputs: out}, keep(out, string(r.ID))
}

func (password) Update(_ context.Context, r plugin.UpdateRequest) (fakeproviders.Properties, error) {
	out := r.OldOutputs.Copy() // every change replaces
	for _, key := range []resource.PropertyKey{"result", "bcryptHash"} {
		if !out[key].IsSecret() {
			out[key] = resource.MakeSecret(out[key])
		}
	}
	return out, nil
}

// alphabet is what a password consists of.
func alphabet(of fakeproviders.Properties) string {
	text := ""
	for key, characters := range map[resource.PropertyKey]string{"upper": upper, "lower": lower, "numeric": digits,
		"special": special} {
		if of[key].BoolValue() {
			text += characters
		}
	}
	return text
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
