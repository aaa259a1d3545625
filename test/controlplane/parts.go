package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/client-go/rest"
	apiapp "k8s.io/kubernetes/cmd/kube-apiserver/app"
	apioptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	managerapp "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	manageroptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	schedulerapp "k8s.io/kubernetes/cmd/kube-scheduler/app"
	scheduleroptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

// freePorts finds free ports; they are taken again at once.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("finding a free port: %w", err)
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// startEtcd starts etcd on loopback, for clients with a certificate of the control plane: other users of the machine
// have none.
func startEtcd(dir string, keys *pki, port int) (*embed.Etcd, error) {
	config := embed.NewConfig()
	config.Dir = dir
	client := url.URL{Scheme: "https", Host: fmt.Sprintf("127.0.0.1:%d", port)}
	peer := url.URL{Scheme: "https", Host: "127.0.0.1:0"}
	config.ClientTLSInfo = transport.TLSInfo{
		CertFile: keys.path("etcd.crt"), KeyFile: keys.path("etcd.key"), TrustedCAFile: keys.path("ca.crt"),
		ClientCertAuth: true,
	}
	config.PeerTLSInfo = config.ClientTLSInfo
	config.EnableGRPCGateway = false // would be its own client
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	config.ListenPeerUrls = []url.URL{peer}
	config.UnsafeNoFsync = true // nothing here outlives the process
	config.LogLevel = "error"
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, fmt.Errorf("starting etcd: %w", err)
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, nil
	case <-time.After(30 * time.Second):
		etcd.Close()
		return nil, errors.New("starting etcd: not ready after 30s")
	}
}

// parts are the three programs of Kubernetes, their flags parsed.
type parts struct {
	apiServer, controllerManager, scheduler func(context.Context) error
}

// newParts parses the flags of all three before any runs: they share one registry of versions and feature gates, which
// is set exactly once.
func newParts(keys *pki, port int, etcd, egress string) (*parts, error) {
	apiServer, err := newAPIServer(keys, port, etcd, egress)
	if err != nil {
		return nil, fmt.Errorf("kube-apiserver: %w", err)
	}
	manager, err := newControllerManager(keys)
	if err != nil {
		return nil, fmt.Errorf("kube-controller-manager: %w", err)
	}
	scheduler, err := newScheduler(keys)
	if err != nil {
		return nil, fmt.Errorf("kube-scheduler: %w", err)
	}
	if err := compatibility.DefaultComponentGlobalsRegistry.Set(); err != nil {
		return nil, err
	}
	return &parts{apiServer, manager, scheduler}, nil
}

func newAPIServer(keys *pki, port int, etcd, egress string) (func(context.Context) error, error) {
	options := apioptions.NewServerRunOptions()
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, set := range options.Flags().FlagSets {
		flags.AddFlagSet(set)
	}
	err := flags.Parse([]string{
		"--etcd-servers=" + etcd, "--etcd-cafile=" + keys.path("ca.crt"),
		"--etcd-certfile=" + keys.path("etcd-client.crt"), "--etcd-keyfile=" + keys.path("etcd-client.key"),
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port),
		"--advertise-address=100.65.0.1", // loopback is refused as an endpoint
		"--cert-dir=" + keys.dir,
		"--tls-cert-file=" + keys.path("apiserver.crt"), "--tls-private-key-file=" + keys.path("apiserver.key"),
		"--client-ca-file=" + keys.path("ca.crt"),
		"--requestheader-client-ca-file=" + keys.path("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + keys.path("front-proxy-client.crt"),
		"--proxy-client-key-file=" + keys.path("front-proxy-client.key"),
		"--kubelet-client-certificate=" + keys.path("kubelet-client.crt"),
		"--kubelet-client-key=" + keys.path("kubelet-client.key"),
		"--kubelet-certificate-authority=" + keys.path("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + keys.path("sa.pub"), "--service-account-signing-key-file=" + keys.path("sa.key"),
		"--service-cluster-ip-range=10.245.0.0/16",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction", // in addition to the defaults, PodSecurity among them
		"--allow-privileged=true",
		"--profiling=false",
		"--egress-selector-config-file=" + egress,
	})
	return func(ctx context.Context) error {
		completed, err := options.Complete(ctx)
		if err != nil {
			return err
		}
		if errs := completed.Validate(); len(errs) > 0 {
			return errors.Join(errs...)
		}
		return apiapp.Run(ctx, completed)
	}, err
}

func newControllerManager(keys *pki) (func(context.Context) error, error) {
	kubeconfig, err := keys.kubeconfig("system:kube-controller-manager", "")
	if err != nil {
		return nil, err
	}
	options, err := manageroptions.NewKubeControllerManagerOptions()
	if err != nil {
		return nil, err
	}
	sets := options.Flags(managerapp.KnownControllers(), managerapp.ControllersDisabledByDefault(),
		managerapp.ControllerAliases())
	options.ParsedFlags = &sets
	flags := pflag.NewFlagSet("kube-controller-manager", pflag.ContinueOnError)
	for _, set := range sets.FlagSets {
		flags.AddFlagSet(set)
	}
	err = flags.Parse([]string{
		"--kubeconfig=" + kubeconfig, "--secure-port=0", "--leader-elect=false",
		"--service-account-private-key-file=" + keys.path("sa.key"), "--root-ca-file=" + keys.path("ca.crt"),
		"--cluster-signing-cert-file=" + keys.path("ca.crt"), "--cluster-signing-key-file=" + keys.path("ca.key"),
		"--use-service-account-credentials=true", "--allocate-node-cidrs=false",
		"--kube-api-qps=500", "--kube-api-burst=1000",
		"--controllers=*,-persistentvolume-attach-detach-controller", // no kubelet reports an attached volume
	})
	return func(ctx context.Context) error {
		config, err := options.Config(ctx, managerapp.KnownControllers(), managerapp.ControllersDisabledByDefault(),
			managerapp.ControllerAliases())
		if err != nil {
			return err
		}
		return managerapp.Run(ctx, config.Complete())
	}, err
}

func newScheduler(keys *pki) (func(context.Context) error, error) {
	kubeconfig, err := keys.kubeconfig("system:kube-scheduler", "")
	if err != nil {
		return nil, err
	}
	options := scheduleroptions.NewOptions()
	flags := pflag.NewFlagSet("kube-scheduler", pflag.ContinueOnError)
	for _, set := range options.Flags.FlagSets {
		flags.AddFlagSet(set)
	}
	err = flags.Parse([]string{
		"--kubeconfig=" + kubeconfig, "--secure-port=0", "--leader-elect=false", "--kube-api-qps=500",
		"--kube-api-burst=1000",
	})
	return func(ctx context.Context) error {
		config, scheduler, err := schedulerapp.Setup(ctx, options)
		if err != nil {
			return err
		}
		return schedulerapp.Run(ctx, config, scheduler)
	}, err
}

// awaitReady polls /readyz: the managers must not start before it.
func awaitReady(ctx context.Context, config *rest.Config) error {
	transport, err := rest.TransportFor(config)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: transport, Timeout: 2 * time.Second}
	for {
		if response, err := client.Get(config.Host + "/readyz"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
