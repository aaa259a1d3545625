// Package loopback listens on 127.0.0.1 for processes of one user. What a rehearsal serves there has no authentication
// of its own: Pulumi's plugin protocol knows none, and a provider runs what its configuration names. On a machine with
// several users, any of them could connect.
//
// On Linux the user of each connection is looked up in the kernel's table of sockets. Other systems have no such table:
// there, Listen is net.Listen.
package loopback

import (
	"fmt"
	"net"
)

// Listen listens on a free port of 127.0.0.1. Connections of another user, except root, are closed before a byte is
// read.
func Listen() (net.Listener, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on loopback: %w", err)
	}
	return &ownListener{listener}, nil
}

type ownListener struct{ net.Listener }

// Accept waits for the next connection of this user.
func (l *ownListener) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil || own(connection) {
			return connection, err
		}
		_ = connection.Close()
	}
}
