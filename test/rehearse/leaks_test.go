package rehearse

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	password = "correct-horse-battery"
	key      = "k3y0fareceiver0123456789"
)

func release(t *testing.T, record string) corev1.Secret {
	t.Helper()
	packed := &bytes.Buffer{}
	writer := gzip.NewWriter(packed)
	if _, err := writer.Write([]byte(record)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "falco", Name: "sh.helm.release.v1.falco.v1",
			Labels: map[string]string{"owner": "helm"}},
		Data: map[string][]byte{"release": []byte(base64.StdEncoding.EncodeToString(packed.Bytes()))},
	}
}

// Each leak is seeded where it would come from: values, an output that is no secret, an environment variable.
func TestLeaksAreFound(t *testing.T) {
	for _, x := range []struct {
		name, release, state string
		config               map[string]string
		where                string
	}{
		{"none", `{"config":{"user":"admin"}}`, `{"outputs":{"password":{"ciphertext":"v1:abc"}}}`,
			map[string]string{"a": "b"}, ""},
		{"a password in values", `{"config":{"password":"` + password + `"}}`, "{}", nil, "release falco/"},
		{"a Secret rendered by a chart", `{"manifest":"data: ` + base64.StdEncoding.EncodeToString([]byte(password)) + `"}`,
			"{}", nil, "release falco/"},
		{"an output that is no secret", "{}", `{"outputs":{"password":"` + password + `"}}`, nil, "state dev.json"},
		{"a receiver's key in values", `{"config":{"url":"https://example.org/` + key + `"}}`, "{}", nil,
			"doks-security:alerting.receivers[0].slack.url in release falco/"},
		{"a ConfigMap", "{}", "{}", map[string]string{"redis.conf": "requirepass " + password}, "ConfigMaps"},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := &workspace{state: t.TempDir(),
				secrets: map[string]string{"doks-security:alerting.receivers[0].slack.url": "https://" + key + ".example.org"}}
			if err := os.WriteFile(filepath.Join(w.state, "dev.json"), []byte(x.state), 0o600); err != nil {
				t.Fatal(err)
			}
			c := &cluster{
				secrets: []corev1.Secret{release(t, x.release), {
					ObjectMeta: metav1.ObjectMeta{Namespace: "falco", Name: "ui",
						Labels: map[string]string{"app.kubernetes.io/part-of": "doks-security"}},
					Data: map[string][]byte{"login": []byte("admin:" + password)},
				}},
				configs: []corev1.ConfigMap{{Data: x.config}},
			}
			texts, err := c.places()
			if err != nil {
				t.Fatal(err)
			}
			if err := w.addState(texts); err != nil {
				t.Fatal(err)
			}
			secrets := c.secretTexts()
			maps.Copy(secrets, w.secretTexts())
			found := strings.Join(texts.find(secrets), ", ")
			if x.where == "" && found != "" || !strings.Contains(found, x.where) {
				t.Errorf("found %q, want %q", found, x.where)
			}
		})
	}
}
