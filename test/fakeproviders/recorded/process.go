package recorded

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"doks-security/test/fakeproviders"
)

// startTime is how long a plugin may take to name its port.
const startTime = time.Minute

// Dial speaks to a provider as the engine does.
func Dial(port string) (plugin.Provider, func() error, error) {
	connection, err := grpc.NewClient("127.0.0.1:"+port, grpc.WithTransportCredentials(insecure.NewCredentials()),
		rpcutil.GrpcChannelOptions())
	if err != nil {
		return nil, nil, fmt.Errorf("connecting to the provider: %w", err)
	}
	return plugin.NewProviderWithClient(nil, pulumirpc.NewResourceProviderClient(connection), false), connection.Close, nil
}

// engine is what a plugin logs to.
type engine struct {
	pulumirpc.UnimplementedEngineServer
}

func (engine) Log(context.Context, *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// start runs a published plugin.
func start(ctx context.Context, path string, env []string) (plugin.Provider, func() error, error) {
	cancel := make(chan bool)
	host, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{Cancel: cancel, Init: func(s *grpc.Server) error {
		pulumirpc.RegisterEngineServer(s, engine{})
		return nil
	}})
	if err != nil {
		return nil, nil, fmt.Errorf("serving an engine: %w", err)
	}
	command := exec.CommandContext(ctx, path,
		fmt.Sprintf("127.0.0.1:%d", host.Port)) //nolint:gosec // the path is the caller's
	command.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		close(cancel)
		return nil, nil, fmt.Errorf("starting %s: %w", path, err)
	}
	stop := func() error {
		err := command.Process.Kill()
		if errors.Is(err, os.ErrProcessDone) {
			err = nil // it has crashed
		}
		_ = command.Wait() // killed
		close(cancel)
		return err
	}
	line := make(chan string, 1)
	go func() {
		reader := bufio.NewReader(stdout)
		text, _ := reader.ReadString('\n')
		line <- strings.TrimSpace(text)
	}()
	select {
	case port := <-line:
		if port == "" {
			return nil, nil, errors.Join(fmt.Errorf("%s named no port: %s", path, &stderr), stop())
		}
		provider, hangUp, err := Dial(port)
		if err != nil {
			return nil, nil, errors.Join(err, stop())
		}
		return provider, func() error { return errors.Join(hangUp(), stop()) }, nil
	case <-time.After(startTime):
		return nil, nil, errors.Join(fmt.Errorf("%s named no port within %s", path, startTime), stop())
	}
}

// connect reaches the published plugin at that path, or else the stand-in.
func connect(ctx context.Context, p *fakeproviders.Provider, published string, env []string) (plugin.Provider,
	func() error, error) {
	if published != "" {
		return start(ctx, published, env)
	}
	cancel := make(chan bool)
	port, err := p.Serve(cancel)
	if err != nil {
		return nil, nil, err
	}
	provider, hangUp, err := Dial(strconv.Itoa(port))
	if err != nil {
		close(cancel)
		return nil, nil, err
	}
	return provider, func() error { close(cancel); return hangUp() }, nil
}

// findPlugin looks where the engine does.
func findPlugin(name, version string) (string, error) {
	home := os.Getenv("PULUMI_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		home = filepath.Join(user, ".pulumi")
	}
	path := filepath.Join(home, "plugins", "resource-"+name+"-v"+version, "pulumi-resource-"+name)
	_, err := os.Stat(path)
	return path, err
}
