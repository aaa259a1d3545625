package digitalocean

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// s3Error is an answer of S3, in the words of the published provider's client.
type s3Error struct {
	Code, Message string
	status        int
}

func (e *s3Error) Error() string {
	return fmt.Sprintf("%s: %s status code: %d, request id: , host id: ", e.Code, e.Message, e.status)
}

// s3Status is the status of an answer of S3; 0 for any other error, and none.
func s3Status(err error) int {
	var answered *s3Error
	if errors.As(err, &answered) {
		return answered.status
	}
	return 0
}

// s3 speaks S3 without signatures, with the bucket's name in the path: it only ever meets the simulated Spaces.
func (p *provider) s3(ctx context.Context, method, bucket, subresource string, body []byte, into any) error {
	url := strings.TrimSuffix(p.spaces, "/") + "/" + bucket
	if subresource != "" {
		url += "?" + subresource
	}
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	content, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		answered := &s3Error{status: response.StatusCode}
		if xml.Unmarshal(content, answered) != nil || answered.Code == "" {
			answered.Message = http.StatusText(answered.status)
			answered.Code = strings.ReplaceAll(answered.Message, " ", "")
		}
		return answered
	}
	if into == nil {
		return nil
	}
	return xml.Unmarshal(content, into)
}

// emptyBucket deletes what one list of a bucket's versions has.
func (p *provider) emptyBucket(ctx context.Context, bucket string) error {
	type version struct {
		Key, VersionId string //nolint:staticcheck // as S3 has it
	}
	var listed struct {
		Markers  []version `xml:"DeleteMarker"`
		Versions []version `xml:"Version"`
	}
	if err := p.s3(ctx, http.MethodGet, bucket, "versions", nil, &listed); err != nil {
		return err
	}
	body, err := xml.Marshal(struct {
		XMLName xml.Name  `xml:"Delete"`
		Objects []version `xml:"Object"`
	}{Objects: append(listed.Markers, listed.Versions...)})
	if err != nil {
		return err
	}
	return p.s3(ctx, http.MethodPost, bucket, "delete", body, nil)
}
