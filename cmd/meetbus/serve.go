package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/config"
)

type serveFlags struct {
	file, listen, admin, nats, creds, data string
	verify, pprof                          bool
}

func newServe() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the relay: webhooks in, CloudEvents on JetStream out",
		Long: `Run the relay: webhooks in, CloudEvents on JetStream out.

Without a file it listens on 127.0.0.1:8080 for providers and on 127.0.0.1:8081 for operators, runs a NATS server of its own
on 127.0.0.1:4222, and verifies no signature.`,
		Example: `  meetbus serve
  meetbus serve --verify
  meetbus serve --nats nats://127.0.0.1:4222
  meetbus serve -c meetbus.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.config()
			if err != nil {
				return err
			}
			log, flush, err := newLog(c.Log, cmd.ErrOrStderr())
			if err != nil {
				return usageError{err}
			}
			defer flush()
			p := process{config: c, log: log, profiles: f.pprof}
			if p.reloads.file = configFile(f.file); p.reloads.file != "" {
				p.reloads.load = f.config
			}
			return p.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	addConfig(flags, &f.file)
	flags.StringVar(&f.listen, "listen", "", "`address` for providers (127.0.0.1:8080)")
	flags.StringVar(&f.admin, "admin", "", "`address` for operators (127.0.0.1:8081)")
	flags.StringVar(&f.nats, "nats", "", "`URL` of a NATS server to use instead of the embedded one; several by commas")
	flags.StringVar(&f.creds, "creds", "", "credentials `file` for it")
	flags.StringVar(&f.data, "data", "", "`folder` for the embedded server's store, the outbox and the copies of keys (./data)")
	flags.BoolVar(&f.verify, "verify", false, "check the signatures at all endpoints, also without a file, and whatever the file says of verify")
	flags.BoolVar(&f.pprof, "pprof", false, "serve profiles to operators, under /debug/pprof/")
	return cmd
}

// config returns the configuration that the file and the flags make together, checked.
func (f serveFlags) config() (config.Config, error) {
	c, _, err := loadConfig(f.file)
	if err != nil {
		return config.Config{}, err
	}
	for flag, setting := range map[*string]*string{
		&f.listen: &c.HTTP.Listen, &f.admin: &c.Admin.Listen, &f.data: &c.DataDir,
	} {
		if *flag != "" {
			*setting = *flag
		}
	}
	if f.nats != "" {
		c.NATS.URL, c.NATS.Embedded = config.ServerURL(f.nats), config.Default().NATS.Embedded
	}
	if f.creds != "" {
		n := &c.NATS
		n.CredentialsFile, n.NKeyFile, n.TokenFile, n.User, n.PasswordFile = f.creds, "", "", "", ""
	}
	if f.verify {
		verifying(&c)
	}
	if err := c.Check(); err != nil {
		return config.Config{}, usageError{err}
	}
	return c, nil
}

// run runs the relay until ctx ends, a fault is found before anything was accepted, or a listener breaks.
func (p *process) run(ctx context.Context) error {
	holdCollection()
	defer p.stop()
	if err := p.start(ctx); err != nil {
		return err
	}
	if err := p.announce(ctx); err != nil {
		return err
	}
	defer p.log.Info("stopped")
	for {
		select {
		case <-ctx.Done():
			p.drain()
			return nil
		case err := <-p.broken:
			return err
		case fault := <-p.bus.Faults():
			if !p.relay.HasTaken() {
				return p.explained(fault)
			} // else the bus has logged it, and readyz says it until it is mended
		}
	}
}
