package random

import (
	"context"
	"fmt"
	"regexp"
	"testing"

	"doks-security/test/fakeproviders"
	"doks-security/test/fakeproviders/recorded"
)

// The stand-in answers as the published plugin did; testdata says how both were asked.
func TestRecordedAnswers(t *testing.T) {
	recorded.Test(t, "testdata", New(fakeproviders.Published["random"]),
		func(*testing.T) recorded.World { return passwords{} })
}

// passwords are all there is: the provider works on nothing else. They are distinguished.
type passwords map[string]string

var (
	hashed = regexp.MustCompile(`^\$2[ab]\$10\$[./A-Za-z0-9]{53}$`)
	simple = regexp.MustCompile(`^[A-Za-z0-9]{32}$`)
	mixed  = regexp.MustCompile(`^[!@#$%&*()\-_=+\[\]{}<>:?A-Za-z0-9]{32}$`)
)

func (p passwords) Mask(text string) string {
	kind := ""
	switch {
	case hashed.MatchString(text):
		kind = "hash"
	case simple.MatchString(text):
		kind = "32 letters and digits"
	case mixed.MatchString(text):
		kind = "32 characters"
	default:
		return text
	}
	if p[text] == "" {
		p[text] = fmt.Sprintf("{%s, %d}", kind, len(p)+1)
	}
	return p[text]
}

func (passwords) Config(bool) map[string]any { return map[string]any{} }
func (passwords) Env() []string              { return nil }
func (passwords) Calls() []string            { return nil }
func (passwords) Close() error               { return nil }

func (passwords) Do(_ context.Context, what string, _ any) (map[string]string, error) {
	return nil, fmt.Errorf("nothing can be done to a password: %q", what)
}
