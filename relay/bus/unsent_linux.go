package bus

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsent returns how many bytes of c the kernel still holds that it has not sent once (tcp(7), SIOCOUTQNSD).
func unsent(c net.Conn) int64 {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return 0
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0
	}
	var n int
	err = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQNSD) })
	if err != nil {
		return 0
	}
	return int64(n)
}
