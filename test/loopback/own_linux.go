package loopback

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strings"
)

// own reports whether the other end of a connection belongs to this user, or to root.
func own(connection net.Conn) bool {
	local, remote := connection.LocalAddr().(*net.TCPAddr), connection.RemoteAddr().(*net.TCPAddr)
	// A socket for both families is in tcp6, with an IPv4 address that is mapped.
	for file, prefix := range map[string]string{"/proc/net/tcp": "", "/proc/net/tcp6": "0000000000000000FFFF0000"} {
		table, err := os.ReadFile(file)
		if err != nil {
			continue // no IPv6
		}
		// The other end's local address is our remote one.
		ends := prefix + address(remote) + " " + prefix + address(local)
		for line := range strings.Lines(string(table)) {
			fields := strings.Fields(line)
			if len(fields) < 8 || fields[1]+" "+fields[2] != ends {
				continue
			}
			uid := fields[7] // https://docs.kernel.org/networking/proc_net_tcp.html
			return uid == fmt.Sprint(os.Getuid()) || uid == "0"
		}
	}
	return false
}

// address is an address as the table writes it: the bytes of IPv4 as one number in the machine's order, and the port.
func address(a *net.TCPAddr) string {
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(a.IP.To4()), a.Port)
}
