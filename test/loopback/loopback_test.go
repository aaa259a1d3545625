package loopback

import (
	"io"
	"net"
	"strconv"
	"testing"
)

// serve answers every connection with a line, and returns the port.
func serve(t *testing.T) int {
	t.Helper()
	listener, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(connection, "hello\n")
			_ = connection.Close()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

func TestListenAnswersItsUser(t *testing.T) {
	port := serve(t)
	for network, host := range map[string]string{"tcp4": "127.0.0.1", "tcp6": "::ffff:127.0.0.1"} {
		connection, err := net.Dial(network, net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			t.Logf("skipped: %s: %v", network, err)
			continue
		}
		defer connection.Close()
		if text, err := io.ReadAll(connection); err != nil || string(text) != "hello\n" {
			t.Errorf("%s: read %q, %v", network, text, err)
		}
	}
}
