// Package embedded is the NATS server inside meetbus: JetStream with fsync before every acknowledgement, on a folder of its
// own. It is the home of nats-server. Guests, who are whoever reaches its port or only those who have its password, may
// subscribe and make consumers on the main stream, and on the one with replays of it; nobody but the relay may publish, delete or
// change streams, by whatever trick.
//
// Guests are one to the server, and trust one another: a consumer has no owner, so whoever may use it may take its messages,
// acknowledge them, reset or delete it. A guest who is not to disturb the others gets a NATS server of the operator's, with users of
// its own; meetbus is beside that then.
//
//	server.go    Start, and stopping
//	accounts.go  who may do what: the relay's account, and the guests', which imports what they may read
//	porter.go    what the accounts cannot see: where a guest wants answers and deliveries sent
//	password.go  the relay's own password, kept 0600 beside the store for later commands
//	disk.go      how much of the disk the store may take
//	log.go       the server's log, in ours
package embedded
