package audit

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Spaces lists buckets with a Spaces key, at one endpoint a region.
type Spaces struct {
	AccessKey, SecretKey string
	Endpoints            map[string]string // by region
}

// emptyPayload is the SHA-256 of nothing.
const emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// Buckets lists the buckets of all regions, sorted.
func (s Spaces) Buckets(ctx context.Context) ([]string, error) {
	var names []string
	var failed error
	for region, endpoint := range s.Endpoints {
		found, err := s.list(ctx, region, endpoint)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("region %s: %w", region, err))
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	return slices.Compact(names), failed
}

func (s Spaces) list(ctx context.Context, region, endpoint string) ([]string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Amz-Content-Sha256", emptyPayload)
	key := aws.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey}
	if err := v4.NewSigner().SignHTTP(ctx, key, request, emptyPayload, "s3", region, time.Now()); err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }() // it was read
	if response.StatusCode == http.StatusForbidden {
		return nil, errors.New("the Spaces key may not list buckets: set SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY " +
			"to one with full access")
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", endpoint, response.Status)
	}
	var list struct {
		Names []string `xml:"Buckets>Bucket>Name"`
	}
	if err := xml.NewDecoder(response.Body).Decode(&list); err != nil {
		return nil, fmt.Errorf("reading the list of buckets at %s: %w", endpoint, err)
	}
	return list.Names, nil
}
