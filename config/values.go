package config

import (
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes, written as people write it: 256KiB, 1GiB, 1MB, or a plain number.
type Size int64

const (
	kib Size = 1 << 10
	mib Size = 1 << 20
	gib Size = 1 << 30
)

var errSize = errors.New("must be a size such as 256KiB, 1GiB or 1048576")

// sizeUnits are in the order in which String prefers them.
var sizeUnits = []struct {
	name  string
	bytes Size
}{
	{"TiB", 1 << 40}, {"GiB", gib}, {"MiB", mib}, {"KiB", kib}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

// String returns the size in the largest unit that it is a whole number of.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && u.bytes > 1 && s%u.bytes == 0 {
			return strconv.FormatInt(int64(s/u.bytes), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText returns what String does.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what people write.
func (s *Size) UnmarshalText(text []byte) error {
	number, unit := string(text), Size(1)
	for _, u := range sizeUnits {
		if digits, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSuffix(digits, " "), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil || Size(n) > math.MaxInt64/unit {
		return errSize
	}
	*s = Size(n) * unit
	return nil
}

// Sync is how often the embedded store is synced to disk.
type Sync time.Duration

// SyncAlways is a sync before each acknowledgement.
const SyncAlways Sync = 0

var errSync = errors.New("must be always, or a duration above 0 such as 2m")

// String returns always, or the interval.
func (s Sync) String() string {
	if s == SyncAlways {
		return "always"
	}
	return time.Duration(s).String()
}

// MarshalText returns what String does.
func (s Sync) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads always, or an interval.
func (s *Sync) UnmarshalText(text []byte) error {
	if string(text) == "always" {
		*s = SyncAlways
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return errSync
	}
	*s = Sync(d)
	return nil
}

// ServerURL is the URL of a NATS server, or several by commas. It may hold a user and a password, which nothing prints or
// encodes: string(u) is the whole.
type ServerURL string

// String returns the URLs with <secret> in place of user and password.
func (u ServerURL) String() string {
	servers := u.servers()
	for i, server := range servers {
		servers[i] = withoutUser(server)
	}
	return strings.Join(servers, ",")
}

// GoString returns what String does.
func (u ServerURL) GoString() string { return strconv.Quote(u.String()) }

// MarshalText returns what String does.
func (u ServerURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

func (u ServerURL) servers() []string {
	if u == "" {
		return nil
	}
	servers := strings.Split(string(u), ",")
	for i := range servers {
		servers[i] = strings.TrimSpace(servers[i])
	}
	return servers
}

// Addresses returns where the servers are: of each URL, scheme and host only. One that Check refuses is left out.
func (u ServerURL) Addresses() []url.URL {
	var all []url.URL
	for _, server := range u.servers() {
		if parsed, err := url.Parse(server); err == nil && serverURL(server) {
			all = append(all, url.URL{Scheme: parsed.Scheme, Host: parsed.Host})
		}
	}
	return all
}

func withoutUser(server string) string {
	parsed, err := url.Parse(server)
	if err != nil || parsed.Host == "" {
		return "<secret>" // nobody knows which part is the password
	}
	address := parsed.Scheme + "://" + parsed.Host
	if parsed.User != nil {
		address = parsed.Scheme + "://<secret>@" + parsed.Host
	}
	return address // without a path, which may be a secret as well
}
