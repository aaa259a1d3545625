package drill

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// gate carries TCP connections to one address.
type gate struct {
	target, address string

	mu       sync.Mutex
	listener net.Listener // nil: connections are refused
	delay    time.Duration
	ends     map[net.Conn]bool
}

func openGate(target string) (*gate, error) {
	g := &gate{target: target, address: "127.0.0.1:0", ends: map[net.Conn]bool{}}
	return g, g.open()
}

// open carries connections, without a delay.
func (g *gate) open() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.delay = 0
	if g.listener != nil {
		return nil
	}
	listener, err := net.Listen("tcp", g.address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	g.listener, g.address = listener, listener.Addr().String()
	go g.accept(listener)
	return nil
}

// shut ends all connections and refuses new ones.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != nil {
		_ = g.listener.Close()
		g.listener = nil
	}
	for end := range g.ends {
		_ = end.Close()
	}
}

// slow delays what passes in either direction.
func (g *gate) slow(delay time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.delay = delay
}

func (g *gate) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return // shut
		}
		server, err := net.Dial("tcp", g.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		g.mu.Lock()
		g.ends[client], g.ends[server] = true, true
		g.mu.Unlock()
		go g.carry(client, server)
		go g.carry(server, client)
	}
}

func (g *gate) carry(to, from net.Conn) {
	_, _ = io.Copy(to, delayed{from, g})
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, end := range []net.Conn{to, from} {
		_ = end.Close()
		delete(g.ends, end)
	}
}

type delayed struct {
	io.Reader
	gate *gate
}

func (d delayed) Read(b []byte) (int, error) {
	n, err := d.Reader.Read(b)
	d.gate.mu.Lock()
	delay := d.gate.delay
	d.gate.mu.Unlock()
	time.Sleep(delay)
	return n, err
}
