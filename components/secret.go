package components

import (
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
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

// newSecret writes data as a Kubernetes Secret, to which charts refer by name: what is secret never stands in their
// values.
func newSecret(ctx *pulumi.Context, namespace, name string, data pulumi.StringMap, opts ...pulumi.ResourceOption) (*corev1.Secret, error) {
	return corev1.NewSecret(ctx, namespace+"-"+name, &corev1.SecretArgs{
		Metadata: &metav1.ObjectMetaArgs{
			Name: pulumi.String(name), Namespace: pulumi.String(namespace),
			Labels: pulumi.StringMap{"app.kubernetes.io/part-of": pulumi.String("doks-security")},
		},
		StringData: pulumi.ToSecret(data).(pulumi.StringMapOutput),
	}, opts...)
}
