package program

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"doks-security/stack"
)

// WithoutSecrets replaces what Pulumi encrypted, {secure: ciphertext}, anywhere in value: it is not ours to read. secrets
// are the placeholders by path.
func WithoutSecrets(path string, value any) (_ any, secrets map[string]string) {
	secrets = map[string]string{}
	return withoutSecrets(path, value, secrets), secrets
}

func withoutSecrets(path string, value any, secrets map[string]string) any {
	switch v := value.(type) {
	case map[string]any:
		if stack.Encrypted(v) {
			secrets[path] = Placeholder(path)
			return secrets[path]
		}
		for key, element := range v {
			v[key] = withoutSecrets(path+"."+key, element, secrets)
		}
	case []any:
		for i, element := range v {
			v[i] = withoutSecrets(fmt.Sprintf("%s[%d]", path, i), element, secrets)
		}
	}
	return value
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
