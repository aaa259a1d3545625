// Command standin takes the place of a program that cannot be had on this machine: it answers on the ports of its
// containers, so that probes pass, and does nothing else. An image has it under the path of every command that its
// containers name; /etc/stand-in.json says what they expect. See package live.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// expected is what containers expect of the image.
type expected struct {
	Ports []int      `json:"ports"`
	TLS   []int      `json:"tls"`  // those of Ports whose probes use HTTPS
	Ends  [][]string `json:"ends"` // commands that end at once: init containers, Jobs, probes, hooks
}

func main() {
	var e expected
	if text, err := os.ReadFile("/etc/stand-in.json"); err == nil { // none: the pause container
		if err := json.Unmarshal(text, &e); err != nil {
			log.Fatal(err)
		}
	}
	if slices.ContainsFunc(e.Ends, func(command []string) bool { return slices.Equal(command, os.Args) }) {
		fmt.Println("a stand-in ends at once:", os.Args)
		return
	}
	fmt.Println("a stand-in serves", e.Ports)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "stand-in") })
	for _, port := range e.Ports {
		listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			log.Println(err) // another container of the pod, of the same image, has it
			continue
		}
		if slices.Contains(e.TLS, port) {
			certificate, err := selfSigned()
			if err != nil {
				log.Fatal(err)
			}
			listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}})
		}
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		go func() { log.Fatal(server.Serve(listener)) }()
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
