package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// natsclient is a program for scripts: somebody else on the bus, with nothing but its address, and a user and a password if that has them.
//
// With -ca FILE first, it speaks TLS and trusts the certificate in the file.
//
//	natsclient URL listen SUBJECT            prints the first message's subject
//	natsclient URL intrude STREAM SUBJECT    tries to get a message to the subject stored, by every way there is
//	natsclient URL publish SUBJECT DATA      stores a message
//	natsclient URL stream NAME SUBJECT KIND  makes a stream: memory, or interest
func natsclient() {
	if err := natsclientRun(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func natsclientRun(args []string) error {
	options := []nats.Option{nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}
	if args[0] == "-ca" {
		trusted, err := trusting(args[1])
		if err != nil {
			return err
		}
		options, args = append(options, nats.Secure(trusted)), args[2:]
	}
	nc, err := nats.Connect(args[0], options...)
	if err != nil {
		return err
	}
	defer nc.Close()
	switch verb, rest := args[1], args[2:]; verb {
	case "listen":
		return listenFor(nc, rest[0])
	case "intrude":
		return intrude(nc, rest[0], rest[1])
	case "publish":
		_, err := nc.Request(rest[0], []byte(rest[1]), 10*time.Second)
		return err
	case "stream":
		return makeStream(nc, rest[0], rest[1], rest[2])
	default:
		return fmt.Errorf("no verb %q", verb)
	}
}

func listenFor(nc *nats.Conn, subject string) error {
	sub, err := nc.SubscribeSync(subject)
	if err != nil {
		return err
	}
	if err := nc.Flush(); err != nil {
		return err
	}
	fmt.Println("listening")
	m, err := sub.NextMsg(20 * time.Second)
	if err != nil {
		return err
	}
	fmt.Println("heard", m.Subject)
	return nil
}

// intrude publishes, asks for an answer to the subject, and has a consumer deliver there. What the server refuses it is told,
// or not; what it does shows in the stream.
func intrude(nc *nats.Conn, stream, subject string) error {
	if err := nc.Publish(subject, []byte("forged")); err != nil {
		return err
	}
	for _, api := range []string{"STREAM.MSG.GET." + stream, "DIRECT.GET." + stream, "STREAM.INFO." + stream} {
		if err := nc.PublishRequest("$JS.API."+api, subject, []byte(`{"seq":1}`)); err != nil {
			return err
		}
	}
	config, err := json.Marshal(map[string]any{"stream_name": stream, "config": map[string]any{
		"deliver_subject": subject, "deliver_policy": "all", "ack_policy": "none", "replay_policy": "instant", "durable_name": "intruder",
	}})
	if err != nil {
		return err
	}
	for _, api := range []string{"DURABLE.CREATE." + stream + ".intruder", "CREATE." + stream + ".intruder", "CREATE." + stream} {
		if m, err := nc.Request("$JS.API.CONSUMER."+api, config, time.Second); err == nil {
			fmt.Printf("%s: %s\n", api, m.Data)
		}
	}
	for _, api := range []string{"STREAM.PURGE." + stream, "STREAM.DELETE." + stream, "STREAM.MSG.DELETE." + stream} {
		if m, err := nc.Request("$JS.API."+api, []byte(`{"seq":1}`), 500*time.Millisecond); err == nil {
			return fmt.Errorf("%s is answered: %s", api, m.Data)
		}
	}
	return nc.Flush()
}

func makeStream(nc *nats.Conn, name, subject, kind string) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	config := jetstream.StreamConfig{Name: name, Subjects: []string{subject}}
	switch kind {
	case "memory":
		config.Storage = jetstream.MemoryStorage
	case "interest":
		config.Retention = jetstream.InterestPolicy
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = js.CreateStream(ctx, config)
	return err
}
