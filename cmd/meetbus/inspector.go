package main

import (
	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay"
	"github.com/meetbus/meetbus/relay/deadletter"
	"github.com/meetbus/meetbus/relay/inspect"
	"github.com/meetbus/meetbus/schemas"
)

// inspector is the page for operators. It looks into the stream of the bus, also where an outbox is before that.
func (p *process) inspector(operators relay.AdminOptions) *inspect.Inspector {
	o := inspect.Options{
		Recent: p.recent, Events: p.bus, Ready: operators.Ready, Token: operators.Token, Log: p.log,
	}
	o.Letters = deadletter.New(deadletter.Options{
		Bus: p.bus, Stream: p.config.Stream.Name, Letters: deadLetters(p.config.Stream.Name), Envelope: p.config.Envelope(),
		Again: p.relay.Again,
	})
	for _, provider := range normalize.Providers() {
		o.Providers = append(o.Providers, provider.Name)
	}
	for _, row := range schemas.Catalogue() {
		o.Types = append(o.Types, row.Name)
	}
	return inspect.New(o)
}
