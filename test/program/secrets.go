package program

import (
	"doks-security/stack"
	"doks-security/stack/stacktest"
)

// WithoutSecrets replaces what Pulumi encrypted, {secure: ciphertext}, anywhere in value: it is not ours to read.
// secrets are the placeholders by path.
func WithoutSecrets(path string, value any) (_ any, secrets map[string]string) {
	secrets = map[string]string{}
	value = stack.Decrypt(path, value, func(path string, _ any) any {
		secrets[path] = stacktest.Placeholder(path)
		return secrets[path]
	})
	return value, secrets
}
