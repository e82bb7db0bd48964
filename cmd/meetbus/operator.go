package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/embedded"
)

// operator holds the flags of commands that act on streams, for which a guest of the embedded server has no right.
type operator struct {
	connection
	data string
}

func (o *operator) addTo(flags *pflag.FlagSet) {
	o.connection.addTo(flags)
	flags.StringVar(&o.data, "data", "", "`folder` of the relay, whose own password for its embedded server is there (default: data_dir)")
}

// resolve says where the bus is and what the configuration is, as connection does: on the embedded server we are the relay itself.
// The folder that --data names has the password for the server at --nats, too; to what the environment names it is not sent.
func (o operator) resolve() (bus.Server, config.Config, error) {
	server, c, err := o.connection.resolve()
	if err != nil {
		return bus.Server{}, config.Config{}, err
	}
	inside := server.URL == embeddedURL(c.NATS.Embedded, fromHere(c.NATS.Embedded.Listen)) && c.NATS.URL == ""
	if server.CredentialsFile != "" || !inside && o.data == "" {
		return server, c, nil
	}
	if !inside && o.url == "" {
		return bus.Server{}, config.Config{}, usagef("--data is for the relay's own server, and NATS_URL or -c names another: " +
			"its password goes there only if --nats says so")
	}
	if o.data != "" {
		c.DataDir = o.data
	}
	own, err := embedded.Own(c.DataDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return bus.Server{}, config.Config{}, fmt.Errorf("no relay with an embedded server has run in %s: --data names its folder, "+
			"--nats or NATS_URL another server", c.DataDir)
	case err != nil:
		return bus.Server{}, config.Config{}, err
	case o.url == "" && !isRunning(c.DataDir):
		return bus.Server{}, config.Config{}, fmt.Errorf("the relay of %s is not running, and only it opens its store: start it (%s serve), "+
			"or name the folder of another with --data", c.DataDir, program())
	}
	own.URL, own.TLS = server.URL, server.TLS
	return own, c, nil
}

// isRunning says whether a relay holds the lock of its folder. Whoever else may listen where it would is not sent its password.
func isRunning(dir string) bool {
	file := filepath.Join(dir, "lock")
	if _, err := os.Stat(file); err != nil {
		return false
	}
	lock := flock.New(file)
	free, err := lock.TryRLock()
	if free {
		_ = lock.Unlock()
	}
	return err == nil && !free
}

// refuseGuest fails where we would be a guest of a relay's own server: it would answer none of what we ask, and say so only late.
func refuseGuest(ctx context.Context, server bus.Server) error {
	if server.Own {
		return nil
	}
	met, err := bus.Meet(ctx, server)
	if err != nil {
		return unreachable(server, err)
	}
	if met.Name == embedded.Name {
		return fmt.Errorf("the server at %s is the one inside a relay, where only the relay itself may do this: give -c FILE, the relay's own, or "+
			"--nats URL --data FOLDER, its data_dir, on its machine", met.Server)
	}
	return nil
}

// openBus connects to the bus, or says at once what keeps it from that.
func openBus(ctx context.Context, server bus.Server, streams ...bus.Stream) (*bus.Bus, error) {
	if err := refuseGuest(ctx, server); err != nil {
		return nil, err
	}
	b, err := bus.Open(ctx, bus.Options{Name: "meetbus", Server: server, Streams: streams, Log: zap.NewNop()})
	if err != nil {
		return nil, unreachable(server, err)
	}
	return b, nil
}

// unreachable adds to an error of the first connection what can be done about it.
func unreachable(server bus.Server, err error) error {
	switch {
	case server.Own && bus.IsFault(err):
		return fmt.Errorf("%w: does the relay at %s have another folder? --data names it", err, server.URL)
	case bus.IsFault(err):
		return fmt.Errorf("%w: the server is there; -c names a file with the stream, the user and the TLS for it, --creds a credentials file", err)
	}
	return fmt.Errorf("%w: is the server running? -c, --nats or NATS_URL says where the bus is", err)
}
