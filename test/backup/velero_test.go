package backup

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"

	"doks-security/test/child"
	"doks-security/test/controlplane/controlplanetest"
	"doks-security/test/program"
	"doks-security/values"
)

// velero is a running Velero with the values of the addon, its bucket, and a cluster.
type velero struct {
	t          *testing.T
	client     dynamic.Interface
	file       string
	kubeconfig string
	dir        string
	address    string // of its metrics
}

// start skips the test where Velero or its plugin is missing: neither builds from the modules that its go.mod names on
// every machine, and the build takes minutes.
func start(t *testing.T) *velero {
	t.Helper()
	v := &velero{t: t, file: find(t, "velero", "VELERO")}
	plugin := find(t, "velero-plugin-for-aws", "VELERO_PLUGIN_FOR_AWS")
	v.dir = t.TempDir()
	plane := controlplanetest.Start(t)
	v.kubeconfig = plane.Kubeconfig()
	var err error
	if v.client, err = dynamic.NewForConfig(plane.RESTConfig()); err != nil {
		t.Fatal(err)
	}
	crds := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(v.velero("install", "--crds-only", "--dry-run", "-o", "yaml")), 4096)
	list := unstructured.UnstructuredList{}
	if err := crds.Decode(&list); err != nil {
		t.Fatal(err)
	}
	for _, crd := range list.Items {
		v.create("apiextensions.k8s.io/v1", "customresourcedefinitions", "", crd.Object)
	}
	v.create("v1", "namespaces", "", map[string]any{"kind": "Namespace", "metadata": map[string]any{"name": "velero"}})
	v.create("apps/v1", "deployments", "velero", deployment("velero")) // a restore looks for the image of its own

	given := addonValues(t)
	location := values.At(given, "configuration", "backupStorageLocation").([]any)[0].(map[string]any)
	url, authority := bucket(t, location["bucket"].(string))
	config := location["config"].(map[string]any)
	config["s3Url"], config["s3ForcePathStyle"] = url, "true" // the bucket's name is no host here
	schedule := values.At(given, "schedules", "daily").(map[string]any)
	v.await("the CRDs are served", func() bool {
		_, err := v.resource("velero.io/v1", "schedules", "velero").List(t.Context(), metav1.ListOptions{})
		return err == nil
	})
	v.create("velero.io/v1", "backupstoragelocations", "velero", map[string]any{
		"kind": "BackupStorageLocation", "metadata": map[string]any{"name": "default"},
		"spec": map[string]any{"provider": location["provider"], "default": true, "config": config,
			"objectStorage": map[string]any{"bucket": location["bucket"], "caCert": authority}}})
	v.create("velero.io/v1", "schedules", "velero", map[string]any{
		"kind": "Schedule", "metadata": map[string]any{"name": "velero-daily"}, // as the chart names it
		"spec": map[string]any{"schedule": schedule["schedule"], "template": schedule["template"],
			"skipImmediately": true}})
	v.serve(plugin, values.At(given, "configuration", "features").(string))
	v.await("the bucket is available", func() bool { return v.phase("backupstoragelocations", "default") == "Available" })
	return v
}

// find is the file of a program, which a variable names, or which is on PATH.
func find(t *testing.T, name, variable string) string {
	t.Helper()
	if file := os.Getenv(variable); file != "" {
		name = file
	}
	file, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%v; set %s to the file of Velero's release that examples/addons/velero has", err, variable)
	}
	return file
}

// addonValues are those with which the addon's chart is installed.
func addonValues(t *testing.T) map[string]any {
	t.Helper()
	i, err := program.Run("../..", program.Case{Name: "backups", Stack: "dev", Dir: program.Fixtures,
		Addons: values.ExampleAddonsDir, Settings: map[string]any{"addons": program.Example("velero"),
			"cluster": map[string]any{"pools": []any{map[string]any{
				"name": "default", "size": "s-4vcpu-8gb", "count": 3}}}}})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(i.Releases, func(r program.Release) bool { return r.Name == "velero" })
	return i.Releases[at].Values
}

// bucket is an S3 server over TLS, as Spaces is, with a bucket; authority is its certificate, base64 of PEM.
func bucket(t *testing.T, name string) (url, authority string) {
	t.Helper()
	memory := s3mem.New()
	if err := memory.CreateBucket(name); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(gofakes3.New(memory).Server())
	t.Cleanup(server.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return server.URL, base64.StdEncoding.EncodeToString(certificate)
}

// serve starts the server of Velero.
func (v *velero) serve(plugin, features string) {
	v.t.Helper()
	plugins, credentials := filepath.Join(v.dir, "plugins"), filepath.Join(v.dir, "cloud")
	err := errors.Join(os.Mkdir(plugins, 0o700), os.Symlink(plugin, filepath.Join(plugins, "velero-plugin-for-aws")),
		os.WriteFile(credentials, []byte("[default]\naws_access_key_id=a\naws_secret_access_key=b\n"), 0o600))
	listener, listening := net.Listen("tcp", "127.0.0.1:0")
	if err := errors.Join(err, listening); err != nil {
		v.t.Fatal(err)
	}
	v.address = listener.Addr().String()
	if err := listener.Close(); err != nil {
		v.t.Fatal(err)
	}
	command := exec.Command(v.file, "server", "--plugin-dir", plugins, "--features", features,
		"--metrics-address", v.address, "--profiler-address", "127.0.0.1:0")
	command.Env = append(os.Environ(), "KUBECONFIG="+v.kubeconfig, "VELERO_NAMESPACE=velero", "HOME="+v.dir,
		"AWS_SHARED_CREDENTIALS_FILE="+credentials, "VELERO_SCRATCH_DIR="+v.dir)
	server, err := child.Start(command, filepath.Join(v.dir, "log"))
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { server.Stop(context.Background(), 10*time.Second) })
}

// velero runs Velero's command line, and returns what it prints.
func (v *velero) velero(args ...string) []byte {
	v.t.Helper()
	command := exec.CommandContext(v.t.Context(), v.file, args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+v.kubeconfig, "HOME="+v.dir)
	text, err := command.Output()
	if err != nil {
		v.t.Fatalf("velero %v: %v\n%s", args, err, text)
	}
	return text
}

func (v *velero) log() string {
	text, err := os.ReadFile(filepath.Join(v.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-8000):])
}

func (v *velero) metrics() string {
	response, err := http.Get("http://" + v.address + "/metrics")
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (v *velero) resource(apiVersion, resource, namespace string) dynamic.ResourceInterface {
	version, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.client.Resource(version.WithResource(resource)).Namespace(namespace)
}

func (v *velero) create(apiVersion, resource, namespace string, object map[string]any) {
	v.t.Helper()
	object["apiVersion"] = apiVersion
	_, err := v.resource(apiVersion, resource, namespace).
		Create(v.t.Context(), &unstructured.Unstructured{Object: object}, metav1.CreateOptions{})
	if err != nil {
		v.t.Fatal(err)
	}
}

// get reads an object; into may be nil.
func (v *velero) get(apiVersion, resource, namespace, name string, into *unstructured.Unstructured) error {
	got, err := v.resource(apiVersion, resource, namespace).Get(v.t.Context(), name, metav1.GetOptions{})
	if err == nil && into != nil {
		*into = *got
	}
	return err
}

// phase is that of an object of Velero, or the error.
func (v *velero) phase(resource, name string) string {
	var object unstructured.Unstructured
	if err := v.get("velero.io/v1", resource, "velero", name, &object); err != nil {
		return err.Error()
	}
	phase, _, err := unstructured.NestedString(object.Object, "status", "phase")
	if err != nil {
		return err.Error()
	}
	return phase
}

func (v *velero) await(what string, reached func() bool) {
	v.t.Helper()
	for deadline := time.Now().Add(time.Minute); !reached(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			v.t.Fatalf("not in a minute: %s\n%s", what, v.log())
		}
	}
}
