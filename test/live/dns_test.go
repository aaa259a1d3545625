package live

import (
	"net"
	"slices"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

func TestDNS(t *testing.T) {
	service := func(name, ip string) *corev1.Service {
		return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"},
			Spec: corev1.ServiceSpec{ClusterIP: ip}}
	}
	client := fake.NewClientset(service("web", "10.245.0.7"), service("headless", corev1.ClusterIPNone),
		&discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{Name: "e", Namespace: "ns",
				Labels: map[string]string{discoveryv1.LabelServiceName: "headless"}},
			Endpoints: []discoveryv1.Endpoint{
				{Addresses: []string{"10.244.0.2"}, Hostname: ptr.To("a-0")}, {Addresses: []string{"10.244.0.3"}},
				{Addresses: []string{"10.244.0.4"}, Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(false)}},
			}})
	for _, c := range []struct {
		name string
		kind dnsmessage.Type
		code dnsmessage.RCode
		want []string
	}{
		{"web.ns.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, []string{"10.245.0.7"}},
		{"WEB.ns.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, []string{"10.245.0.7"}},
		{"web.ns.svc.cluster.local.", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, nil},
		{"headless.ns.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, []string{"10.244.0.2", "10.244.0.3"}},
		{"a-0.headless.ns.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, []string{"10.244.0.2"}},
		{"none.ns.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeNameError, nil},
		{"example.org.", dnsmessage.TypeA, dnsmessage.RCodeNameError, nil},
	} {
		query := dnsmessage.Message{Header: dnsmessage.Header{ID: 7}, Questions: []dnsmessage.Question{
			{Name: dnsmessage.MustNewName(c.name), Type: c.kind, Class: dnsmessage.ClassINET}}}
		packed, err := query.Pack()
		if err != nil {
			t.Fatal(err)
		}
		text, err := (&resolver{client}).reply(packed)
		if err != nil {
			t.Fatal(err)
		}
		var reply dnsmessage.Message
		if err := reply.Unpack(text); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, answer := range reply.Answers {
			got = append(got, ipOf(answer.Body))
		}
		if reply.RCode != c.code || reply.ID != 7 || !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %s %v, want %s %v", c.name, c.kind, reply.RCode, got, c.code, c.want)
		}
	}
}

func ipOf(body dnsmessage.ResourceBody) string {
	a := body.(*dnsmessage.AResource).A
	return net.IP(a[:]).String()
}
