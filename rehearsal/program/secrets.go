package program

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"doks-security/stack"
)

// WithoutSecrets replaces what Pulumi encrypted, {secure: ciphertext}, anywhere in value: it is not ours to read. secrets
// are the placeholders by path.
func WithoutSecrets(path string, value any) (_ any, secrets map[string]string) {
	secrets = map[string]string{}
	value = stack.Decrypt(path, value, func(path string, _ any) any {
		secrets[path] = Placeholder(path)
		return secrets[path]
	})
	return value, secrets
}

// Placeholder is what stands for the secret at path: always the same, different from every other, and valid there. URLs
// must be URLs, and a routing key of PagerDuty has 32 letters and digits.
func Placeholder(path string) string {
	sum := sha256.Sum256([]byte(path))
	text := hex.EncodeToString(sum[:16])
	if strings.HasSuffix(strings.ToLower(path), "url") {
		return "https://" + text + ".example.org"
	}
	return text
}
