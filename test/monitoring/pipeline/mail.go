package pipeline

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
)

// serveMail is an SMTP server that accepts everything. The client's name in HELO is the receiver's.
func (s *Sink) serveMail() {
	for {
		connection, err := s.mail.Accept()
		if err != nil {
			return // closed
		}
		go s.serveMailClient(connection)
	}
}

func (s *Sink) serveMailClient(connection net.Conn) {
	defer connection.Close()
	client := textproto.NewConn(connection)
	reader := textproto.NewReader(bufio.NewReader(connection))
	receiver, reply := "", "220 sink"
	for {
		if err := client.PrintfLine("%s", reply); err != nil {
			return
		}
		line, err := reader.ReadLine()
		if err != nil {
			return
		}
		command, argument, _ := strings.Cut(line, " ")
		switch reply = "250 OK"; strings.ToUpper(command) {
		case "EHLO", "HELO":
			receiver = argument
		case "DATA":
			if err := client.PrintfLine("354 go on"); err != nil {
				return
			}
			message, err := readMail(reader.DotReader())
			if err != nil {
				message = err.Error()
			}
			name, _, _ := strings.Cut(receiver, "/")
			s.keep(name, "mail", message)
		case "QUIT":
			_ = client.PrintfLine("221 bye") // the client may be gone
			return
		}
	}
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
		text += string(body)
	}
}
