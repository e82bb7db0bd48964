package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"github.com/meetbus/meetbus/relay/loopback"
)

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

func validHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || len(host) <= 253 && hostName.MatchString(host)
}

var errAddress = errors.New("must be host:port, such as 127.0.0.1:8080")

// splitAddress reads an address to listen on. An empty host is every interface, port 0 is any free one.
func splitAddress(address string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(address)
	if err != nil {
		return "", "", errAddress
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil || host != "" && !validHost(host) {
		return "", "", errAddress
	}
	return host, port, nil
}

// loopbackAddress reports whether only this machine reaches address.
func loopbackAddress(address string) bool {
	host, _, err := splitAddress(address)
	return err == nil && loopback.Is(host)
}

// beyondLoopback reports whether others than this machine reach address. A malformed one is a fault of its own.
func beyondLoopback(address string) bool {
	host, _, err := splitAddress(address)
	return err == nil && !loopback.Is(host)
}

// sameAddress reports whether two listeners would be in each other's way.
func sameAddress(a, b string) bool {
	hostA, portA, errA := splitAddress(a)
	hostB, portB, errB := splitAddress(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || everywhere(hostA) || everywhere(hostB)
}

func everywhere(host string) bool { return slices.Contains([]string{"", "0.0.0.0", "::"}, host) }

func (k *checker) listen(address, path string) {
	if _, _, err := splitAddress(address); err != nil {
		k.report(path, err.Error())
	}
}

func (k *checker) hosts(hosts []string, path string) {
	for i, host := range hosts {
		k.expect(validHost(host), item(path, i), "must be the name of a host, without scheme and port")
	}
}

// serverURL reports whether u is one that nats.go connects to.
func serverURL(u string) bool {
	parsed, err := url.Parse(u)
	return err == nil && parsed.Hostname() != "" && slices.Contains([]string{"nats", "tls", "ws", "wss"}, parsed.Scheme)
}

// keyURL reports whether a key may be fetched from u: what plain HTTP brings from elsewhere, anybody may have replaced.
func keyURL(u string) bool {
	parsed, err := url.Parse(u)
	if err != nil || parsed.Hostname() == "" {
		return false
	}
	return parsed.Scheme == "https" || parsed.Scheme == "http" && loopback.Is(parsed.Hostname())
}

// network reads an address, or a network. Addresses of IPv4 within IPv6 are those of IPv4.
func network(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

// Proxies are the networks of TrustedProxies.
func (h HTTP) Proxies() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range h.TrustedProxies {
		if p, err := network(text); err == nil { // which Check has made sure of
			all = append(all, p)
		}
	}
	return all
}

// collectorURL reports whether u is where a collector can be. Its secrets belong into the environment, not into a URL that is logged.
func collectorURL(u string) bool {
	parsed, err := url.Parse(u)
	return err == nil && parsed.Hostname() != "" && (parsed.Scheme == "http" || parsed.Scheme == "https") &&
		parsed.User == nil && parsed.RawQuery == "" && parsed.Fragment == ""
}
