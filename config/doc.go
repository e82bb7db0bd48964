// Package config reads the one YAML file: defaults, parsing, every check. What Load returns was checked; nobody asks again,
// except with Check after a flag changed it. No fault and no value of it prints a secret.
//
//	config.go    the types, one a section of the file, and their defaults
//	load.go      a file to a Config: parse, decode over the defaults, check; every fault at once
//	decode.go    from the tree of YAML to the types, going on after a fault
//	expand.go    ${VAR}, ${VAR:-default} and $$ in scalars
//	values.go    sizes (256KiB), syncs and server URLs, as people write them
//	check.go     what a valid file must not say; endpoint.go, subjects.go, embedded.go, address.go and files.go for parts of it
//	fault.go     one fault and its place
//	compose.yml  the relay's file for docker-compose.yml; nats.conf is the server's
//	cluster.yml  two relays before a cluster, for docker compose; nats-cluster.conf is the nodes'
//	meetbus.yaml the reference: every setting, with its default
package config
