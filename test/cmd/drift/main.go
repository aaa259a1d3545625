// Command drift says which objects of Helm releases differ from what Helm rendered. See package drift. It ends with 0
// if none does, 3 if some do, and 2 if it cannot be known.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"k8s.io/client-go/tools/clientcmd"

	"doks-security/test/drift"
)

const differs, unknown = 3, 2

func main() {
	kubeconfig := flag.String("kubeconfig", "", "`file` with the cluster's address and credentials")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	report, err := find(ctx, *kubeconfig)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "drift:", err)
		os.Exit(unknown)
	}
	report.Print(os.Stdout)
	if len(report.Findings) > 0 {
		os.Exit(differs)
	}
}

func find(ctx context.Context, kubeconfig string) (*drift.Report, error) {
	if kubeconfig == "" {
		return nil, fmt.Errorf("no -kubeconfig; pulumi preview writes one to .kubeconfig/<cluster id>.yaml")
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig %s: %w", kubeconfig, err)
	}
	return drift.Find(ctx, config)
}
