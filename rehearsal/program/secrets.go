package program

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// withoutSecrets replaces what Pulumi encrypted, {secure: ciphertext}, anywhere in value: it is not ours to read.
func withoutSecrets(path string, value any) (_ any, replaced bool) {
	switch v := value.(type) {
	case map[string]any:
		if _, secure := v["secure"]; secure && len(v) == 1 {
			return Placeholder(path), true
		}
		for key, element := range v {
			changed, some := withoutSecrets(path+"."+key, element)
			v[key], replaced = changed, replaced || some
		}
	case []any:
		for i, element := range v {
			changed, some := withoutSecrets(fmt.Sprintf("%s[%d]", path, i), element)
			v[i], replaced = changed, replaced || some
		}
	}
	return value, replaced
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
