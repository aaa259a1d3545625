package account

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/digitalocean/godo"

	"doks-security/stack/field"
)

// ErrNoCluster is a cluster that the account does not have.
var ErrNoCluster = errors.New("the account has no such cluster")

// explain makes an error of the API one of the configuration where it is one: a token that is refused, or lacks a
// scope. What was asked for is named as in "the VPCs".
func explain(of, scope string, err error) error {
	var refused *godo.ErrorResponse
	if !errors.As(err, &refused) || refused.Response == nil {
		return fmt.Errorf("asking DigitalOcean for %s: %w", of, err)
	}
	switch refused.Response.StatusCode {
	case http.StatusUnauthorized:
		return field.Errors{{
			Key: "digitalocean:token", Value: "refused by DigitalOcean (401)",
			Allowed: "an API token that has not expired and was not deleted",
			Fix: "create one at https://cloud.digitalocean.com/account/api/tokens, then export DIGITALOCEAN_TOKEN=..., or " +
				"pulumi config set --secret digitalocean:token",
		}}
	case http.StatusForbidden:
		return field.Errors{{
			Key: "digitalocean:token", Value: "may not read " + of + " (403)", Allowed: "a token with the scope " + scope,
			Fix: "create a token with this scope at https://cloud.digitalocean.com/account/api/tokens",
		}}
	}
	return fmt.Errorf("asking DigitalOcean for %s: %w", of, err)
}

func isNotFound(response *godo.Response) bool {
	return response != nil && response.Response != nil && response.StatusCode == http.StatusNotFound
}
