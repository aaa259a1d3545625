package rehearse

import (
	"context"
	"fmt"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/types/known/emptypb"
)

// goPlugin is Pulumi's plugin for Go with the program linked into it: the CLI, started as a user starts it, runs the
// program in this process. The CLI finds it by PULUMI_DEBUG_LANGUAGES.
type goPlugin struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	original pulumi.RunFunc
	port     int
	cancel   chan bool

	mu      sync.Mutex
	run     pulumi.RunFunc
	engines map[string]string // the engine's address by the connection of its CLI
}

func serveProgram(run pulumi.RunFunc) (*goPlugin, error) {
	p := &goPlugin{original: run, run: run, cancel: make(chan bool), engines: map[string]string{}}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: p.cancel,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, p)
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("serving the program: %w", err)
	}
	p.port = handle.Port
	return p, nil
}

func (p *goPlugin) close() error {
	close(p.cancel)
	return nil
}

func (p *goPlugin) set(run pulumi.RunFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run = run; run == nil {
		p.run = p.original
	}
}

func (p *goPlugin) Handshake(ctx context.Context,
	r *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.engines[connection(ctx)] = r.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// connection is the client's end.
func connection(ctx context.Context) string {
	if client, ok := peer.FromContext(ctx); ok {
		return client.Addr.String()
	}
	return ""
}

func (p *goPlugin) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

func (p *goPlugin) GetRequiredPackages(context.Context,
	*pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// Run runs the program once, and reports its error as pulumi.Run does. Commands may run side by side.
func (p *goPlugin) Run(ctx context.Context, r *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	p.mu.Lock()
	run, engine := p.run, p.engines[connection(ctx)]
	p.mu.Unlock()
	deployment, err := pulumi.NewContext(ctx, pulumi.RunInfo{
		EngineAddr: engine, MonitorAddr: r.GetMonitorAddress(), Project: r.GetProject(), Stack: r.GetStack(),
		RootDirectory: r.GetInfo().GetRootDirectory(), Organization: r.GetOrganization(), Parallel: r.GetParallel(),
		DryRun: r.GetDryRun(),
		Config: r.GetConfig(), ConfigSecretKeys: r.GetConfigSecretKeys(),
	})
	if err != nil {
		return nil, err
	}
	defer deployment.Close()
	if err := pulumi.RunWithContext(deployment, run); err != nil {
		if err := deployment.Log.Error(fmt.Sprintf("an unhandled error occurred: program failed: \n%v", err),
			nil); err != nil {
			return nil, err
		}
		return &pulumirpc.RunResponse{Bail: true}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}
