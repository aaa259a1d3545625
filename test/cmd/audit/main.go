// Command audit lists what a DigitalOcean account holds that belongs to no stack of this program. See package audit. It
// reads only, and ends with 0 whatever it finds, since objects of others are no error, and 2 if a list could not be
// read.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/digitalocean/godo"

	stacks "doks-security/account"
	"doks-security/stack/catalog"
	"doks-security/test/audit"
)

func main() {
	root := flag.String("root", ".", "the project's `directory`")
	pulumi := flag.String("pulumi", "pulumi", "the Pulumi `command`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *root, *pulumi)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "audit:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, root, pulumi string) error {
	token := os.Getenv("DIGITALOCEAN_TOKEN")
	if token == "" {
		return fmt.Errorf("DIGITALOCEAN_TOKEN is not set; any token that can read will do")
	}
	client := godo.NewFromToken(token)
	if url := os.Getenv("DIGITALOCEAN_API_URL"); url != "" {
		if err := godo.SetBaseURL(url)(client); err != nil {
			return fmt.Errorf("DIGITALOCEAN_API_URL %q: %w", url, err)
		}
	}
	account := audit.Account{Client: client}
	spaces := audit.Spaces{AccessKey: os.Getenv("SPACES_ACCESS_KEY_ID"), SecretKey: os.Getenv("SPACES_SECRET_ACCESS_KEY"),
		Endpoints: endpoints()}
	if spaces.AccessKey != "" && spaces.SecretKey != "" {
		account.Buckets = spaces.Buckets
	}
	var unread error
	if account.States, unread = audit.ReadStates(ctx, pulumi, root); unread != nil {
		fmt.Fprintln(os.Stderr, "no state can be read:", unread)
	}
	result, err := audit.Run(ctx, account)
	result.Print(os.Stdout)
	return err
}

// endpoints are those of all regions, or the one that SPACES_ENDPOINT_URL names.
func endpoints() map[string]string {
	if url := os.Getenv("SPACES_ENDPOINT_URL"); url != "" {
		return map[string]string{"us-east-1": url}
	}
	all := map[string]string{}
	for _, region := range catalog.SpacesRegions {
		all[region] = stacks.SpacesEndpoint("", region)
	}
	return all
}
