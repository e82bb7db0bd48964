package bus

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsent says whether the kernel still holds bytes of c that it has not sent once (tcp(7), SIOCOUTQNSD).
func unsent(c net.Conn) bool {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false
	}
	var n int
	err = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQNSD) })
	return err == nil && n > 0
}
