package manifests

import (
	"testing"

	"doks-security/test/chartlint"
)

func TestAdd(t *testing.T) {
	for _, c := range []struct{ name, object, file, text string }{
		{"a Secret", "{kind: Secret, metadata: {name: a, namespace: b}, data: {x: c2VjcmV0}, stringData: {w: secret}}",
			"r/Secret_b_a.yaml",
			"data:\n  x: masked\nkind: Secret\nmetadata:\n  name: a\n  namespace: b\nstringData:\n  w: masked\n"},
		{"a kind without a namespace", `{kind: ClusterRole, metadata: {name: "system:a"}}`, "r/ClusterRole_system_a.yaml",
			"kind: ClusterRole\nmetadata:\n  name: system:a\n"},
		{"a webhook's certificate", "{kind: ValidatingWebhookConfiguration, metadata: {name: a}, webhooks: [{clientConfig: " +
			"{caBundle: eA==}}, {clientConfig: {url: u}}]}",
			"r/ValidatingWebhookConfiguration_a.yaml",
			"kind: ValidatingWebhookConfiguration\nmetadata:\n  name: a\nwebhooks:\n- clientConfig:\n    caBundle: masked\n- " +
				"clientConfig:\n    url: u\n"},
		{"two of one name", "{kind: Pod, metadata: {name: a}}\n---\n{kind: Pod, metadata: {name: a, labels: {x: z}}}",
			"r/Pod_a.yaml",
			"kind: Pod\nmetadata:\n  name: a\n---\nkind: Pod\nmetadata:\n  labels:\n    x: z\n  name: a\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			objects, err := chartlint.Decode([]byte(c.object))
			if err != nil {
				t.Fatal(err)
			}
			files := map[string][]byte{}
			if err := add(files, "r", objects); err != nil {
				t.Fatal(err)
			}
			if got := string(files[c.file]); got != c.text {
				t.Errorf("%s holds\n%s\nof %q; want\n%s", c.file, got, files, c.text)
			}
		})
	}
}
