package field

import (
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var (
	// The characters of a URL (RFC 3986, appendix A). All others are percent-encoded, so that no URL holds a brace, a
	// quote, a space or a line break, which mean something where it is written to.
	urlText = regexp.MustCompile(`^([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$`)
	// A host name: labels of at most 63 letters, digits and hyphens.
	hostName = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?` +
		`(\.[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*$`)
	// Names of query parameters that carry credentials.
	credential = regexp.MustCompile(
		`(?i)token|secret|pass|credential|signature|api[-_.]?key|access[-_.]?key|^(key|auth|sig|user|username|u|p|pwd)$`)
)

// ParseURL parses an absolute https URL with a valid host and port, whose special characters are percent-encoded, and
// without a Variable. It may carry credentials.
func ParseURL(value string) (*url.URL, bool) {
	if !urlText.MatchString(value) || Variable.MatchString(value) {
		return nil, false
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" || !IsHost(u.Hostname()) || strings.HasSuffix(u.Host, ":") {
		return nil, false
	}
	return u, u.Port() == "" || isPort(u.Port())
}

// HasCredentials reports whether a URL carries a login, or a query parameter such as token=...
func HasCredentials(u *url.URL) bool {
	if u.User != nil {
		return true
	}
	query, err := url.ParseQuery(u.RawQuery)
	for name := range query {
		if credential.MatchString(name) {
			return true
		}
	}
	return err != nil
}

// IsHost reports whether a value is a host name or an IP address.
func IsHost(value string) bool {
	if address, err := netip.ParseAddr(value); err == nil {
		return address.Zone() == ""
	}
	return len(value) <= 253 && hostName.MatchString(value)
}

// IsHostPort reports whether a value is a host name or an IP address with a port from 1 to 65535.
func IsHostPort(value string) bool {
	host, port, err := net.SplitHostPort(value)
	return err == nil && IsHost(host) && isPort(port)
}

func isPort(value string) bool {
	number, err := strconv.ParseUint(value, 10, 16)
	return err == nil && number > 0
}

// IsAddress reports whether a value is a mail address without a name.
func IsAddress(value string) bool {
	address, err := mail.ParseAddress(value)
	return err == nil && address.Address == value
}
