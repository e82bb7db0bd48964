package main

import (
	"github.com/meetbus/meetbus/relay"
	"github.com/meetbus/meetbus/relay/deadletter"
	"github.com/meetbus/meetbus/relay/inspect"
)

// inspector is the page for operators. It looks into the stream of the bus, also where an outbox is before that.
func (p *process) inspector(operators relay.AdminOptions) *inspect.Inspector {
	o := inspect.Options{
		Recent: p.recent, Events: p.bus, Ready: operators.Ready, Token: operators.Token, Log: p.log,
		Providers: providerNames(), Types: typeNames(),
	}
	o.Letters = deadletter.New(deadletter.Options{
		Bus: p.bus, Stream: p.config.Stream.Name, Letters: deadLetters(p.config.Stream.Name), Envelope: p.config.Envelope(),
		Again: p.relay.Retake,
	})
	return inspect.New(o)
}
