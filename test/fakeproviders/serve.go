// Package fakeproviders serves Pulumi resource providers in process, for machines on which the published plugins
// cannot be installed. The engine reaches them through PULUMI_DEBUG_PROVIDERS ("package:port").
//
// The engine names a provider by its package only, but opens a connection for each provider resource of a program, and
// configures each. A connection is to a stand-in what a process is to a published plugin: two providers of one package,
// configured for two clusters, never see each other's configuration.
package fakeproviders

import (
	"context"
	"fmt"
	"net"
	"runtime/debug"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"doks-security/test/loopback"
)

// maxMessage is the size of the largest message, in bytes: the engine's own limit.
const maxMessage = 400 << 20

// Provider is a package: Open is called for each connection.
type Provider struct {
	// Package and PackageVersion name the published plugin this stands in for.
	Package, PackageVersion string
	Open                    func() *Instance
}

// Serve listens on a free loopback port until cancel is closed, and returns the port.
func (p *Provider) Serve(cancel chan bool) (int, error) {
	listener, err := loopback.Listen()
	if err != nil {
		return 0, fmt.Errorf("serving the %s stand-in: %w", p.Package, err)
	}
	go func() {
		<-cancel
		_ = listener.Close() // ends the loop below
	}()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(connection, cancel)
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// serve answers on one connection until either side closes it.
func (p *Provider) serve(connection net.Conn, cancel chan bool) {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.UnaryInterceptor(crash))
	pulumirpc.RegisterResourceProviderServer(server, &instanceServer{provider: p, instance: p.Open()})
	single := &singleListener{Conn: connection, closed: make(chan struct{})}
	go func() {
		select {
		case <-cancel:
		case <-single.closed:
		}
		server.Stop()
	}()
	_ = server.Serve(single) // ends with the connection
}

// crash makes of a panic what the engine sees of a provider that ends: no answer.
func crash(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (_ any, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = status.Errorf(codes.Unavailable, "the provider crashed: %v\n%s", reason, debug.Stack())
		}
	}()
	return handle(ctx, request)
}

// singleListener accepts one connection, and ends when that is closed.
type singleListener struct {
	net.Conn
	accept, close sync.Once
	closed        chan struct{}
}

func (l *singleListener) Accept() (net.Conn, error) {
	var first net.Conn
	l.accept.Do(func() { first = l })
	if first != nil {
		return first, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *singleListener) Close() error {
	l.close.Do(func() { close(l.closed) })
	return l.Conn.Close()
}

func (l *singleListener) Addr() net.Addr { return l.LocalAddr() }
