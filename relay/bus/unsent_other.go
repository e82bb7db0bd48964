//go:build !linux

package bus

import "net"

// unsent is true of every TCP connection here: this kernel does not tell, and a connection too many costs little.
func unsent(c net.Conn) bool {
	_, tcp := c.(*net.TCPConn)
	return tcp
}
