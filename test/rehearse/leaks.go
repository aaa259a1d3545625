package rehearse

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	corev1 "k8s.io/api/core/v1"
)

// places are texts in which no secret may stand in plain, by what they are.
type places map[string][]byte

// checkLeaks searches the state's files, Helm's records of its releases, ConfigMaps and pods for every secret. The
// exported passwords must be among them.
func checkLeaks(c *cluster, w *workspace, token string, outputs auto.OutputMap, r *report) {
	texts, err := c.places()
	if err == nil {
		err = w.addState(texts)
	}
	if err != nil {
		r.check("no secret is stored in plain text", false, "%v", err)
		return
	}
	secrets := c.secretTexts()
	secrets["the API token"] = token
	maps.Copy(secrets, w.secretTexts())
	searched := slices.Collect(maps.Values(secrets))
	for name, output := range outputs {
		if strings.HasSuffix(name, "Password") && !slices.Contains(searched, fmt.Sprint(output.Value)) {
			r.check(name+" is in a Secret of the program", false, "no Secret has it")
		}
	}
	found := texts.find(secrets)
	r.check(fmt.Sprintf("none of %d secrets is in plain text in the state, in releases, ConfigMaps and pods (%d searched)",
		len(secrets), len(texts)),
		len(found) == 0 && len(texts) > 10, "%v", found)
}

// find lists where which secret is found, without the secrets.
func (p places) find(secrets map[string]string) []string {
	var found []string
	for name, secret := range secrets {
		for place, text := range p {
			if bytes.Contains(text, []byte(secret)) ||
				bytes.Contains(text, []byte(base64.StdEncoding.EncodeToString([]byte(secret)))) {
				found = append(found, name+" in "+place)
			}
		}
	}
	slices.Sort(found)
	return found
}

// secretTexts are what the program's own Secrets hold, logins without their user.
func (c *cluster) secretTexts() map[string]string {
	texts := map[string]string{}
	for _, s := range c.secrets {
		if s.Labels["app.kubernetes.io/part-of"] != "doks-security" {
			continue
		}
		for key, value := range s.Data {
			if strings.HasSuffix(key, "_KEY_ID") || key == "client-id" {
				continue // names a key or a client, as DigitalOcean's console and login pages do
			}
			text := string(value)
			for _, separator := range []string{":", " "} { // login:password, --requirepass password
				text = text[strings.LastIndex(text, separator)+1:]
			}
			if len(text) >= 12 { // a user's name is no secret
				texts[s.Namespace+"/"+s.Name+" "+key] = text
			}
		}
	}
	return texts
}

// secretTexts are what is encrypted in the stack file: it may be a part of what a Secret holds.
func (w *workspace) secretTexts() map[string]string {
	texts := map[string]string{}
	for path, text := range w.secrets {
		texts[path] = strings.TrimSuffix(strings.TrimPrefix(text, "https://"), ".example.org")
	}
	return texts
}

func (c *cluster) places() (places, error) {
	p := places{}
	for _, s := range c.secrets {
		if s.Labels["owner"] != "helm" {
			continue
		}
		text, err := releaseRecord(s)
		if err != nil {
			return nil, fmt.Errorf("reading %s/%s: %w", s.Namespace, s.Name, err)
		}
		p["release "+s.Namespace+"/"+s.Name] = text
	}
	for kind, list := range map[string]any{"ConfigMaps": c.configs, "pods": c.pods, "StatefulSets": c.sets} {
		text, err := json.Marshal(list)
		if err != nil {
			return nil, err
		}
		p[kind] = text
	}
	return p, nil
}

// releaseRecord unpacks what Helm keeps of a release: values and manifests.
func releaseRecord(s corev1.Secret) ([]byte, error) {
	packed, err := base64.StdEncoding.DecodeString(string(s.Data["release"]))
	if err != nil {
		return nil, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unpacked)
}

func (w *workspace) addState(p places) error {
	return filepath.WalkDir(w.state, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		p["state "+filepath.Base(path)] = text
		return err
	})
}
