package controlplane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// Main is the child process: it serves the control plane in the directory args names until its standard input ends,
// which it does with its parent, however that dies. It returns the exit code.
func Main(args []string) int {
	var live *Live
	if len(args) == 2 {
		if err := json.Unmarshal([]byte(args[1]), &live); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		args = args[:1]
	}
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "usage:", ChildCommand, "DIRECTORY [LIVE]")
		return 2
	}
	ctx, stop := context.WithCancelCause(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop(nil)
	}()
	err := serve(ctx, stop, args[0], live)
	if err == nil {
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			err = cause
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// serve starts the parts in their order. A part that ends early ends them all, through fail.
func serve(ctx context.Context, fail context.CancelCauseFunc, dir string, live *Live) error {
	klog.LogToStderr(true)
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	keys, err := newPKI(dir, ports[0])
	if err != nil {
		return fmt.Errorf("writing certificates: %w", err)
	}
	etcd, err := startEtcd(filepath.Join(dir, "etcd"), keys, ports[1])
	if err != nil {
		return err
	}
	defer etcd.Close()
	parts, err := newParts(keys, ports[0], etcd.Config().ListenClientUrls[0].String(), egressConfig(dir))
	if err != nil {
		return err
	}
	admin, err := keys.kubeconfig("admin", "system:masters")
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", admin)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 500, 1000
	config.WarningHandler = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := startEgress(ctx, dir, keys, client, live); err != nil {
		return err
	}
	start := func(name string, run func(context.Context) error) {
		go func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				fail(fmt.Errorf("%s: %w", name, err))
			}
		}()
	}
	start("kube-apiserver", parts.apiServer)
	if err := awaitReady(ctx, config); err != nil {
		return err
	}
	start("kube-controller-manager", parts.controllerManager)
	start("kube-scheduler", parts.scheduler)
	if err := seed(ctx, client); err != nil {
		return err
	}
	custom, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := preinstall(ctx, custom); err != nil {
		return err
	}
	if err := startKWOK(ctx, dir, admin); err != nil {
		return err
	}
	ca, err := os.ReadFile(keys.path("ca.crt"))
	if err != nil {
		return err
	}
	startCloud(ctx, client, custom, ca, live)
	if live == nil || !live.Operator {
		operator, err := newOperator(config, client)
		if err != nil {
			return err
		}
		go operator.run(ctx)
	}
	if err := os.WriteFile(filepath.Join(dir, readyFile), nil, 0o600); err != nil {
		return err
	}
	<-ctx.Done()
	time.Sleep(300 * time.Millisecond) // the API server's last writes, before etcd closes
	return nil
}
