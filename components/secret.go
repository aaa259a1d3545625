package components

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newPassword generates a password of letters and digits. falcosidekick-ui falls back to admin:admin when its login
// holds a second colon, and Redis reads its password from a command line: no other characters.
func newPassword(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	password, err := random.NewRandomPassword(ctx, name, &random.RandomPasswordArgs{
		Length: pulumi.Int(32), Special: pulumi.Bool(false),
	}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return password.Result, nil
}

// secretVersion is the annotation of pods that read a Secret into their environment: when it changes, they restart.
const secretVersion = "doks-security/secret-version"

// versions tell what Secrets hold apart, under a generated key: a plain hash could be tried against guesses.
type versions struct{ key pulumi.StringOutput }

func newVersions(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) (versions, error) {
	key, err := newPassword(ctx, name+"-secret-versions", opts...)
	return versions{key}, err
}

// annotation is the one of pods that read data.
func (v versions) annotation(data pulumi.StringMap) map[string]any {
	version := pulumi.All(v.key, data).ApplyT(func(args []any) (string, error) {
		text, err := json.Marshal(args[1])
		mac := hmac.New(sha256.New, []byte(args[0].(string)))
		mac.Write(text)
		return hex.EncodeToString(mac.Sum(nil)[:4]), err
	})
	return map[string]any{secretVersion: pulumi.Unsecret(version)}
}

// newSecret writes data as a Kubernetes Secret into the namespace with the role. Charts refer to it by name: what is
// secret is never in their values. With the key of a registry's credentials it has the type that they must have.
func (n *Namespaces) newSecret(ctx *pulumi.Context, role, name string, data pulumi.StringMap,
	opts ...pulumi.ResourceOption) (pulumi.Resource, error) {
	secret := map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": metadata(n.names[role], name, nil),
		"stringData": pulumi.ToSecret(data),
	}
	if _, registry := data[".dockerconfigjson"]; registry {
		secret["type"] = "kubernetes.io/dockerconfigjson"
	}
	return newObject(ctx, n, secret, append(opts, pulumi.AdditionalSecretOutputs([]string{"data", "stringData"}))...)
}
