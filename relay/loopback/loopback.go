// Package loopback says which names stand for this machine alone. It is one small rule with one home, because several guards
// lean on it: who may call an endpoint that does not verify, where keys may be fetched without TLS, and which listeners need a
// token.
package loopback

import (
	"net/netip"
	"strings"
)

// Is reports whether host, a name or an address without a port, is localhost or a loopback address.
func Is(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" && addr.Unmap().IsLoopback()
}
