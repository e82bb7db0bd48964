package main

import (
	"cmp"
	"net"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay/asyncapi"
	"github.com/meetbus/meetbus/relay/route"
)

func newAsyncAPI() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "asyncapi",
		Short: "Describe what a configuration sends, as an AsyncAPI 3 document",
		Long: "Describe what a relay of this configuration sends, as an AsyncAPI 3.0 document in JSON: a channel for each subject, and a message\n" +
			"for each type of event, with schemas and examples. A running relay serves the same at /asyncapi.json, for operators.",
		Example: `  meetbus asyncapi -c meetbus.yaml > asyncapi.json
  meetbus asyncapi | jq -r '.channels[] | .address'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, _, err := loadConfig(file)
			if err != nil {
				return err
			}
			table, err := c.Table()
			if err != nil {
				return usageError{err}
			}
			document, err := asyncapi.Document(description(c, table))
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(document)
			return err
		},
	}
	addConfig(cmd.Flags(), &file)
	return cmd
}

// description says of a configuration what concerns subscribers.
func description(c config.Config, table *route.Table) asyncapi.Description {
	s := c.Stream
	d := asyncapi.Description{
		Servers: servers(c.NATS),
		Stream: asyncapi.Stream{
			Name: s.Name, Managed: s.Manage, MaxAge: s.MaxAge, DuplicateWindow: s.DuplicateWindow, Replicas: s.Replicas,
		},
		Table:     table,
		Envelope:  c.Envelope(),
		Signature: c.CloudEvents.Signature,
	}
	if c.NATS.URL != "" { // the embedded server lets nobody else read them
		d.DeadLetters = deadLetters(s.Name)
	}
	for _, e := range c.Endpoints {
		of := asyncapi.Endpoint{
			Name: e.Name, Provider: e.Provider, Source: e.Source,
			Verified: e.Verify == config.VerifySignature, NoOriginal: e.Original == "none", NoDedupe: e.Dedupe == "none",
		}
		if e.Provider == config.ProviderAuto {
			of.Provider = ""
		}
		d.Endpoints = append(d.Endpoints, of)
	}
	return d
}

// servers says where the bus is.
func servers(n config.NATS) []asyncapi.Server {
	var all []asyncapi.Server
	for _, u := range n.URL.Addresses() {
		all = append(all, asyncapi.Server{Scheme: u.Scheme, Host: u.Hostname(), Port: cmp.Or(u.Port(), usualPorts[u.Scheme])})
	}
	if n.URL != "" {
		return all
	}
	s := asyncapi.Server{Scheme: "nats", Embedded: true, Guarded: n.Embedded.User != ""}
	if n.Embedded.TLS != nil {
		s.Scheme = "tls"
	}
	s.Host, s.Port, _ = net.SplitHostPort(n.Embedded.Listen) // which was checked
	if ip := net.ParseIP(s.Host); ip != nil && ip.IsUnspecified() {
		s.Host = ""
	}
	return []asyncapi.Server{s}
}

// usualPorts are those that nats.go takes where a URL has none.
var usualPorts = map[string]string{"nats": "4222", "tls": "4222", "ws": "80", "wss": "443"}
