package live

import (
	"io"
	"net"
)

// forward connects whoever connects to the listener with an address, until the listener is closed.
func forward(listener net.Listener, network, address string) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer client.Close()
			server, err := net.Dial(network, address)
			if err != nil {
				return
			}
			defer server.Close()
			join(client, client, server)
		}()
	}
}

// join copies both ways until one side ends. What the client sends is read from reader.
func join(client net.Conn, reader io.Reader, server net.Conn) {
	done := make(chan struct{}, 2)
	go func() {
		_, _ = io.Copy(server, reader)
		done <- struct{}{}
	}()
	go func() {
		_, _ = io.Copy(client, server)
		done <- struct{}{}
	}()
	<-done
}
