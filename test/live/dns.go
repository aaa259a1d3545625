package live

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const clusterDomain = "cluster.local"

// resolver knows the names of Services and of their pods, as CoreDNS does: IPv4 addresses, no other records.
type resolver struct{ client kubernetes.Interface }

// addresses are those of <service>.<namespace>.svc, or of a pod of a headless Service by its hostname in front.
func (r *resolver) addresses(ctx context.Context, name string) ([]net.IP, error) {
	labels := strings.Split(strings.TrimSuffix(strings.TrimSuffix(name, "."), "."+clusterDomain), ".")
	if len(labels) < 3 || len(labels) > 4 || labels[len(labels)-1] != "svc" {
		return nil, fmt.Errorf("%s is no name of a Service", name)
	}
	labels = labels[:len(labels)-1]
	service, namespace, host := labels[len(labels)-2], labels[len(labels)-1], ""
	if len(labels) == 3 {
		host = labels[0]
	}
	s, err := r.client.CoreV1().Services(namespace).Get(ctx, service, metav1.GetOptions{ResourceVersion: "0"})
	if err != nil {
		return nil, err
	}
	if s.Spec.ClusterIP != corev1.ClusterIPNone && host == "" {
		return []net.IP{net.ParseIP(s.Spec.ClusterIP)}, nil
	}
	slices, err := r.client.DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{ResourceVersion: "0",
		LabelSelector: discoveryv1.LabelServiceName + "=" + service})
	if err != nil {
		return nil, err
	}
	var found []net.IP
	for _, slice := range slices.Items {
		for _, e := range slice.Endpoints {
			ready := e.Conditions.Ready == nil || *e.Conditions.Ready || s.Spec.PublishNotReadyAddresses
			if ready && (host == "" || e.Hostname != nil && *e.Hostname == host) {
				found = append(found, net.ParseIP(e.Addresses[0]))
			}
		}
	}
	return found, nil
}

// dial connects to an address whose host is one of those names or an IP address.
func (r *resolver) dial(ctx context.Context, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if net.ParseIP(host) == nil {
		found, err := r.addresses(ctx, host)
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("no address of %s: %w", host, err)
		}
		host = found[0].String()
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	return dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
}

// serve answers pods, over UDP, until the process ends.
func (r *resolver) serve() error {
	socket, err := net.ListenPacket("udp", net.JoinHostPort(APIServerIP, "53"))
	if err != nil {
		return fmt.Errorf("serving DNS: %w", err)
	}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, client, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			query := slices.Clone(buffer[:n])
			go func() {
				if reply, err := r.reply(query); err == nil {
					_, _ = socket.WriteTo(reply, client)
				}
			}()
		}
	}()
	return nil
}

func (r *resolver) reply(query []byte) ([]byte, error) {
	var message dnsmessage.Message
	if err := message.Unpack(query); err != nil || len(message.Questions) != 1 {
		return nil, fmt.Errorf("a query with %d questions: %w", len(message.Questions), err)
	}
	question := message.Questions[0]
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	found, err := r.addresses(ctx, strings.ToLower(question.Name.String()))
	reply := dnsmessage.Message{Questions: message.Questions, Header: dnsmessage.Header{
		ID: message.ID, Response: true, Authoritative: true, RecursionDesired: message.RecursionDesired,
		RecursionAvailable: true,
	}}
	if err != nil || len(found) == 0 {
		reply.RCode = dnsmessage.RCodeNameError
	}
	for _, ip := range found {
		if question.Type == dnsmessage.TypeA {
			reply.Answers = append(reply.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: 5},
				Body:   &dnsmessage.AResource{A: [4]byte(ip.To4())},
			})
		}
	}
	return reply.Pack()
}
