package main

import (
	"context"
	"os"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/meetbus/meetbus/config"
)

// settle is how long the last line at start waits for the bus, so that who tries what it says is not refused.
const settle = 2 * time.Second

// announce says what runs, what does not verify, and last what to try. It returns the fault, if one is found meanwhile.
func (p *process) announce(ctx context.Context) error {
	c := p.config
	for _, warning := range c.Warnings() {
		p.log.Warn(warning)
	}
	p.log.Info("listening",
		zap.String("http", c.HTTP.Listen), zap.String("admin", c.Admin.Listen), zap.String("nats", busOf(c.NATS)),
		zap.String("stream", c.Stream.Name), zap.String("version", build()))
	if err := p.settle(ctx); err != nil {
		return err
	}
	p.log.Info(suggestion(c))
	return nil
}

// busOf says where the bus is, and who may connect if not anybody.
func busOf(n config.NATS) string {
	if n.URL != "" {
		return n.URL.String()
	}
	where := "embedded, " + embeddedURL(n.Embedded, n.Embedded.Listen)
	if n.Embedded.User != "" {
		where += ", for those who have its password"
	}
	return where
}

// settle waits for the bus, or for a fault, and not for long.
func (p *process) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	ready := make(chan error, 1)
	go func() { ready <- p.bus.WaitReady(ctx) }()
	select {
	case fault := <-p.bus.Faults():
		cancel()
		<-ready
		return p.explained(fault)
	case err := <-ready:
		if err != nil {
			p.log.Warn(p.meanwhile(), zap.Error(err))
		}
		return nil
	}
}

// meanwhile is what becomes of webhooks until the bus is there.
func (p *process) meanwhile() string {
	if p.outbox != nil {
		return "events wait on disk until the bus is there"
	}
	return "answering 503 until the bus is there"
}

// suggestion is what to try with this configuration. It names no path: one may be a secret.
func suggestion(c config.Config) string {
	for _, verify := range []string{config.VerifyNone, config.VerifySignature} {
		for _, e := range c.Endpoints {
			if e.Verify != verify || e.Path != "/webhooks/"+e.Provider || verify == config.VerifySignature && e.Keys.File == "" {
				continue
			}
			if len(e.Accept.Organizations)+len(e.WebhookIDs) > 0 { // samples are of others
				continue
			}
			try := "try: " + program() + " trigger " + e.Provider + " meeting.participantJoined"
			if listen := fromHere(c.HTTP.Listen); listen != config.Default().HTTP.Listen {
				try += " --url http://" + listen
			}
			if verify == config.VerifySignature {
				try += " --key PRIVATE.pem, the other half of the endpoint's keys.file"
			}
			return try
		}
	}
	return "ready for what the providers sign: give them the URLs of your endpoints"
}

// program is how the user has started us.
func program() string {
	if strings.Contains(os.Args[0], "go-build") {
		return "go run ./cmd/meetbus"
	}
	return "meetbus"
}
