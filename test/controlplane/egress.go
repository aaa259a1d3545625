package controlplane

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// egressSocket is relative to the working directory of the process: a socket's path may have about 100 characters, and
// TMPDIR many more.
const egressSocket = "egress.sock"

// egressConfig is the file that makes kube-apiserver send every connection into the cluster (webhooks, aggregated APIs,
// kubelets) through our socket: without it they would leave the machine by its default route.
func egressConfig(dir string) string { return filepath.Join(dir, "egress.yaml") }

// startEgress answers those connections: those to metrics-server and cert-manager's webhook with a stand-in, all others
// with what pods answer if a node runs them, otherwise with a refusal, at once.
func startEgress(ctx context.Context, dir string, keys *pki, client kubernetes.Interface, live *Live) error {
	config := fmt.Sprintf(`apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection: {proxyProtocol: HTTPConnect, transport: {uds: {udsName: %q}}}
`, egressSocket)
	if err := os.WriteFile(egressConfig(dir), []byte(config), 0o600); err != nil {
		return err
	}
	standIn, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serving metrics.k8s.io: %w", err)
	}
	handler := http.NewServeMux()
	handler.Handle("/", metricsHandler(client))
	handler.HandleFunc("POST /validate", admit)
	handler.HandleFunc("POST /mutate", admit)
	server := &http.Server{Handler: handler, TLSConfig: &tls.Config{GetCertificate: keys.forService}}
	go func() { _ = server.ServeTLS(standIn, "", "") }() // ends with its listener
	socket, err := net.Listen("unix", egressSocket)
	if err != nil {
		return fmt.Errorf("the egress proxy: %w", err)
	}
	go func() {
		<-ctx.Done()
		_ = errors.Join(socket.Close(), server.Close())
	}()
	go func() {
		for {
			connection, err := socket.Accept()
			if err != nil {
				return
			}
			go proxy(ctx, connection, client, standIn.Addr().String(), live)
		}
	}()
	return nil
}

// proxy handles one CONNECT.
func proxy(ctx context.Context, connection net.Conn, client kubernetes.Interface, standIn string, live *Live) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	request, err := http.ReadRequest(reader)
	if err != nil || request.Method != http.MethodConnect {
		return
	}
	standsIn := hasStandIn(ctx, client, request.Host, live)
	if !standsIn && live.proxy(connection, reader, request.Host) {
		return
	}
	if !standsIn {
		fmt.Fprintf(connection, "HTTP/1.1 503 nothing runs behind %s in a rehearsal\r\n\r\n", request.Host)
		return
	}
	backend, err := net.Dial("tcp", standIn)
	if err != nil {
		return
	}
	defer backend.Close()
	fmt.Fprint(connection, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(backend, reader)
		_ = backend.Close()
	}()
	_, _ = io.Copy(connection, backend)
}

// hasStandIn reports whether a connection is for a Service that has a stand-in.
func hasStandIn(ctx context.Context, client kubernetes.Interface, address string, live *Live) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	services, err := client.CoreV1().Services("").List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return false
	}
	for _, service := range services.Items {
		metrics := service.Labels["app.kubernetes.io/name"] == "metrics-server" && (live == nil || !live.Metrics)
		if !metrics && service.Name != certManagerWebhook {
			continue
		}
		if service.Spec.ClusterIP == host || service.Name+"."+service.Namespace+".svc" == host {
			return true
		}
	}
	return false
}
