package lint

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxValue is one more than the longest text that the engine compares with.
const maxValue = 256

var digits = regexp.MustCompile(`^[0-9]*$`)

// checkValue says whether a constant can be compared with a field of a kind, as libsinsp's value_parser.cpp reads it.
// A warning is of what it reads as something else.
func checkValue(kind, text string) (warning, err error) {
	if len(text) >= maxValue && (slices.Contains(textual, kind) || kind == "bytebuf" || strings.HasPrefix(kind, "sock")) {
		return nil, fmt.Errorf("a string of %d bytes: Falco compares with at most %d", len(text), maxValue-1)
	}
	switch kind {
	case "charbuf", "fspath", "fsrelpath", "bytebuf", "sockaddr", "socktuple", "sockfamily":
		return nil, nil
	case "bool":
		if text != "true" && text != "false" {
			return nil, fmt.Errorf("want true or false, not %q", text)
		}
		return nil, nil
	case "port":
		return checkPort(text)
	case "ipaddr", "ipnet", "ipv4addr", "ipv6addr", "ipv4net", "ipv6net":
		return nil, checkAddress(kind, text)
	}
	bits, signed := numberSize(kind)
	if bits == 0 {
		return nil, fmt.Errorf("Falco compares no constant with a %s", kind)
	}
	if !decimal.MatchString(text) {
		return nil, fmt.Errorf("%q is no number: want decimal digits, without a fraction", text)
	}
	return checkRange(text, bits, signed), nil
}

// numberSize is the number of bits of a kind that constants are read as; 0 when it is none.
func numberSize(kind string) (bits int, signed bool) {
	switch kind {
	case "int8":
		return 8, true
	case "int16":
		return 16, true
	case "int32", "double":
		return 32, true
	case "int64", "fd", "errno", "pid":
		return 64, true
	case "uint8", "flags8", "enumflags8":
		return 8, false
	case "uint16", "flags16", "enumflags16":
		return 16, false
	case "uint32", "flags32", "enumflags32", "mode", "uid", "gid":
		return 32, false
	case "uint64", "reltime", "abstime":
		return 64, false
	}
	return 0, false
}

// checkRange warns of a number that is cut to another one. -1 is how the highest unsigned number is written.
func checkRange(text string, bits int, signed bool) error {
	n, ok := new(big.Int).SetString(strings.TrimLeft(strings.TrimLeft(text, spaces), "+"), 10)
	if !ok || n.Cmp(big.NewInt(-1)) == 0 {
		return nil
	}
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(bits))
	if signed {
		high.Rsh(high, 1)
		low.Neg(high)
	}
	if n.Cmp(low) < 0 || n.Cmp(high) >= 0 {
		return fmt.Errorf("%s does not fit: Falco compares with another number", text)
	}
	return nil
}

// services are names for ports that /etc/services commonly has.
var services = strings.Fields(`
	acr-nema afpovertcp bgp bootpc bootps cfengine chargen daytime discard domain domain-s echo epmd exec
	finger ftp ftp-data ftps ftps-data git gopher http http-alt https imap2 imaps ipp ircd isakmp iscsi-
	target kerberos klogin kshell ldap ldaps login microsoft-ds mqtt mqtt-tls ms-sql-s mysql nbp netbios-dgm
	netbios-ns netbios-ssn nfs nntp nntps ntp openvpn pop3 pop3s postgresql printer radius rsync rtsp shell
	sip sip-tls smtp smux snmp snmp-trap socks ssh submission submissions sunrpc svn syslog syslog-tls systat
	tacacs telnet telnets tftp time whois www x11 xmpp-client`)

// checkPort takes a number or the name of a service.
func checkPort(text string) (warning, err error) {
	if digits.MatchString(text) {
		if len(text) > 0 {
			if _, err := strconv.ParseInt(text, 10, 32); err != nil {
				return nil, fmt.Errorf("%s is no port: want a number up to 65535", text)
			}
		}
		return checkRange(text, 16, false), nil
	}
	if !slices.Contains(services, text) {
		return nil, fmt.Errorf("%q is no port: want a number up to 65535", text)
	}
	return fmt.Errorf("%q is the name of a service, which Falco looks up in /etc/services, if its image has one: "+
		"write the number", text), nil
}

// checkAddress takes an address, or for a network one with a mask. What has a dot is IPv4.
func checkAddress(kind, text string) error {
	four := strings.Contains(text, ".")
	switch kind {
	case "ipv4addr", "ipv4net":
		four = true
	case "ipv6addr", "ipv6net":
		four = false
	}
	address, mask, masked := strings.Cut(text, "/")
	net := strings.HasSuffix(kind, "net")
	if net && !masked {
		return fmt.Errorf("%q is no network: want an address with a mask, as 10.0.0.0/8", text)
	}
	if !net {
		address = text
	}
	parsed, err := netip.ParseAddr(address)
	if err != nil || parsed.Is4() != four || parsed.Zone() != "" {
		return fmt.Errorf("%q is no address", text)
	}
	if !net {
		return nil
	}
	bits, err := strconv.ParseUint(mask, 10, 32)
	if err != nil || four && uint8(bits) > 32 || !four && (uint8(bits) > 128 || uint8(bits) == 0) {
		return fmt.Errorf("%q: %q is no mask", text, mask)
	}
	return nil
}

// fromHex decodes what bcontains and bstartswith compare with.
func fromHex(text string) (string, error) {
	decoded, err := hex.DecodeString(text)
	if err != nil {
		return "", errors.New("want pairs of hexadecimal digits")
	}
	return string(decoded), nil
}
