package account

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// SpacesEndpoint is where buckets are, as the DigitalOcean provider writes it: {{.Region}} is the bucket's.
const SpacesEndpoint = "https://{{.Region}}.digitaloceanspaces.com"

// HasBucket tells whether a bucket of that name exists in a region, whoever owns it. It asks without a key: Ceph's object
// gateway, on which Spaces runs, answers 404 for a bucket that does not exist before it looks at who asks, and 403 for a private
// one (rgw_build_bucket_policies in https://github.com/ceph/ceph/blob/main/src/rgw/rgw_op.cc).
func HasBucket(ctx context.Context, endpoint, region, bucket string) (bool, error) {
	client := retryablehttp.NewClient()
	client.Logger, client.HTTPClient.Timeout = nil, 30*time.Second
	url := strings.TrimSuffix(strings.ReplaceAll(endpoint, "{{.Region}}", region), "/") + "/" + bucket
	request, err := retryablehttp.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return false, fmt.Errorf("asking Spaces for the bucket %s: %w", bucket, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return false, fmt.Errorf("asking Spaces for the bucket %s: %w", bucket, err)
	}
	defer client.HTTPClient.CloseIdleConnections()
	if err := response.Body.Close(); err != nil {
		return false, fmt.Errorf("asking Spaces for the bucket %s: %w", bucket, err)
	}
	switch response.StatusCode {
	case http.StatusNotFound:
		return false, nil
	case http.StatusOK, http.StatusForbidden, http.StatusMovedPermanently, http.StatusTemporaryRedirect:
		return true, nil
	}
	return false, fmt.Errorf("asking Spaces for the bucket %s: %s answered %s", bucket, url, response.Status)
}
