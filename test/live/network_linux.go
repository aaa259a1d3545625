package live

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

// network gives the node its addresses. It has no route but those to its pods, which CNI's plugin adds.
func network() error {
	for _, command := range []string{
		"ip link set lo up",
		"ip address add " + APIServerIP + "/32 dev lo",
		"ip address add " + NodeIP + "/32 dev lo",
	} {
		args := strings.Fields(command)
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", command, err, out)
		}
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o600)
}

// startForwarding has kube-apiserver answer where its kubeconfigs and its Service say it is.
func startForwarding(s spec) error {
	_, port, err := net.SplitHostPort(s.APIServer)
	if err != nil {
		return err
	}
	for _, address := range []string{s.APIServer, net.JoinHostPort(APIServerIP, port)} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("forwarding to kube-apiserver: %w", err)
		}
		go forward(listener, "unix", s.path(apiSocket))
	}
	return nil
}

// startDialing serves kube-apiserver's connections to pods, Services and the kubelet.
func startDialing(s spec, r *resolver) error {
	listener, err := net.Listen("unix", s.path(DialSocket))
	if err != nil {
		return fmt.Errorf("serving connections into the cluster: %w", err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go connect(connection, r)
		}
	}()
	return nil
}

// connect handles one CONNECT.
func connect(connection net.Conn, r *resolver) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	request, err := http.ReadRequest(reader)
	if err != nil || request.Method != http.MethodConnect {
		return
	}
	server, err := r.dial(request.Context(), request.Host)
	if err != nil {
		fmt.Fprintf(connection, "HTTP/1.1 503 %s\r\n\r\n", err)
		return
	}
	defer server.Close()
	fmt.Fprint(connection, "HTTP/1.1 200 OK\r\n\r\n")
	join(connection, reader, server)
}
