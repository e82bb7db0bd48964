package asyncapi

import (
	"fmt"
	"net"
)

// here is what stands for every address of the relay's machine: for a subscriber on that machine it is right.
const here = "127.0.0.1"

func (b *builder) addServers() {
	for i, s := range b.Description.Servers {
		name := "nats"
		if i > 0 {
			name = fmt.Sprintf("nats-%d", i+1)
		}
		b.document.Servers.add(name, s.object())
	}
}

func (s Server) object() server {
	o := server{Host: net.JoinHostPort(s.Host, s.Port), Protocol: "nats", Title: "NATS", Description: "A NATS server with JetStream."}
	if s.Embedded {
		o.Title = "NATS inside the relay"
		o.Description = "The NATS server inside the relay. Subscribers may read the stream and make consumers of it; only the relay publishes."
	}
	if s.Host == "" {
		o.Host = "{host}:" + s.Port
		o.Variables.add("host", variable{here, "A name or an address of the machine that the relay runs on: the server listens on all of them."})
	}
	switch s.Scheme {
	case "tls":
		o.Description += " It speaks TLS."
	case "ws", "wss": // NATS all the same
		o.Protocol = s.Scheme
		o.Description += " It speaks NATS over WebSocket."
	}
	if s.Guarded {
		o.Security = []security{{"userPassword", "Whoever runs the relay knows the user and the password."}}
	}
	return o
}
