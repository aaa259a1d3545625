package account

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// SpacesEndpoint is where the buckets of a region are. The template is the DigitalOcean provider's setting
// spacesEndpoint, in which {{.Region}} is the region; empty is DigitalOcean's own.
func SpacesEndpoint(template, region string) string {
	if template == "" {
		template = "https://{{.Region}}.digitaloceanspaces.com"
	}
	return strings.TrimSuffix(strings.ReplaceAll(template, "{{.Region}}", region), "/")
}

// HasBucket reports whether a bucket of that name exists at an endpoint, whoever owns it. It asks without a key:
// Ceph's object gateway, on which Spaces runs, answers 404 for a bucket that does not exist before it looks at who
// asks, and 403 for a private one (rgw_build_bucket_policies in
// https://github.com/ceph/ceph/blob/main/src/rgw/rgw_op.cc).
func HasBucket(ctx context.Context, endpoint, bucket string) (exists bool, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("asking Spaces for the bucket %s: %w", bucket, err)
		}
	}()
	client := retryablehttp.NewClient()
	client.Logger, client.HTTPClient.Timeout = nil, 30*time.Second
	defer client.HTTPClient.CloseIdleConnections()
	url := endpoint + "/" + bucket
	request, err := retryablehttp.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return false, err
	}
	response, err := client.Do(request)
	if err != nil {
		return false, err
	}
	if err := response.Body.Close(); err != nil {
		return false, err
	}
	switch response.StatusCode {
	case http.StatusNotFound:
		return false, nil
	case http.StatusOK, http.StatusForbidden, http.StatusMovedPermanently, http.StatusTemporaryRedirect:
		return true, nil
	}
	return false, fmt.Errorf("%s answered %s", url, response.Status)
}
