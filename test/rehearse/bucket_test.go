package rehearse

import (
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"doks-security/test/docpages"
)

// spacesCall asks Spaces for an object, or for a bucket's list of them.
func (a *account) spacesCall(ctx context.Context, t *testing.T, method, path string) (status int, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, a.simulator.SpacesURL()+"/"+path, strings.NewReader("content"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

// A bucket with logs is deleted with a stack that is not protected only, and by no edit of the stack file.
func TestBucketWithLogs(t *testing.T) {
	commands := docpages.Section(documented(t, "uninstall.md"), "Lift the protection")
	if len(commands) != 3 {
		t.Fatalf("commands %q, want the setting, up, destroy", commands)
	}
	out := &output{}
	ctx, e := session(t, out, mergeConfig(onePool(map[string]any{"protect": true}),
		map[string]any{"doks-security:logging": map[string]any{"storage": "spaces"}}))
	_, err := e.up(ctx)
	must(t, out, err)
	const bucket = "doks-security-dev-loki"
	logs := []string{"fake/1/1:2:3", "index/loki_index_20000/fake/1.tsdb.gz", "of-others/backup"}
	for _, key := range logs {
		if status, body := e.account.spacesCall(ctx, t, http.MethodPut, bucket+"/"+key); status != http.StatusOK {
			t.Fatalf("writing %s: %d %s", key, status, body)
		}
	}
	kept := func(when string) {
		t.Helper()
		var listed struct {
			Objects []struct{ Key string } `xml:"Contents"`
		}
		status, body := e.account.spacesCall(ctx, t, http.MethodGet, bucket)
		err := xml.Unmarshal(body, &listed)
		var keys []string
		for _, o := range listed.Objects {
			keys = append(keys, o.Key)
		}
		if err != nil || !slices.Equal(keys, logs) {
			t.Errorf("%s: the bucket has %q, want %q: status %d, %v", when, keys, logs, status, err)
		}
	}
	fails := func(want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(out.String()+err.Error(), want) {
			t.Errorf("err = %v, want it to contain %q\n%s", err, want, out)
		}
		out.reset()
	}

	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:logging.storage volume"))
	refused(ctx, t, out, e, "(1 error)", "'logging.storage' spaces", "would be deleted")
	kept("storage: volume is refused")
	must(t, out, e.shell(ctx, "pulumi config set --path doks-security:logging.storage spaces"))

	out.reset()
	fails("protect", e.command(ctx, "destroy", "--yes"))
	kept("the stack is protected")
	must(t, out, e.command(ctx, "state", "unprotect", "--all", "--yes"))
	fails("BucketNotEmpty", e.shell(ctx, "pulumi destroy"))
	kept("the state is not protected")

	for _, line := range commands {
		must(t, out, e.shell(ctx, line))
	}
	if left := e.account.simulator.Leftovers(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
