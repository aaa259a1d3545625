package pipeline

import (
	"errors"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"

	"github.com/emersion/go-smtp"
)

// newMailServer is an SMTP server that accepts everything. The client's name in EHLO is the receiver's.
func (s *Sink) newMailServer() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		name, _, _ := strings.Cut(c.Hostname(), "/")
		return &mailSession{s, name}, nil
	}))
	server.Domain, server.ErrorLog = "sink", log.New(io.Discard, "", 0) // clients go away when their program ends
	return server
}

// mailSession is one connection.
type mailSession struct {
	sink     *Sink
	receiver string
}

func (m *mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (m *mailSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (m *mailSession) Reset()                               {}
func (m *mailSession) Logout() error                        { return nil }

func (m *mailSession) Data(r io.Reader) error {
	message, err := readMail(r)
	if err != nil {
		return err
	}
	m.sink.keep(m.receiver, "mail", message)
	return nil
}

// readMail is the subject and the text of a message in plain text.
func readMail(r io.Reader) (string, error) {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return "", err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		return "", err
	}
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	text := subject + "\n\n"
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for {
		part, err := parts.NextPart() // decodes quoted-printable
		if errors.Is(err, io.EOF) {
			return text, nil
		}
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return "", err
		}
		text += strings.ReplaceAll(string(body), "\r\n", "\n")
	}
}
