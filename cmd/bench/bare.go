package main

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// bareCommand starts this program as the bare relay.
	bareCommand = "bare"
	bareStream  = "BARE"
	bareSubject = "webhooks"
	// inFlight is how many publishes may wait for their acknowledgement; it is more than there are connections.
	inFlight = 4096
)

// bare is the least that can be called a relay: the body goes to one subject as it came, and the answer is 200 once JetStream has
// acknowledged it.
type bare struct {
	js  jetstream.JetStream
	key *rsa.PublicKey // without one, nothing is verified
	// message is what is published of a webhook.
	message func(body []byte, header http.Header) (*nats.Msg, error)
}

// runBare is the program of the bare relay. It ends when it is killed, or told to.
func runBare(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(bareCommand, flag.ContinueOnError)
	listen := flags.String("listen", "", "address for webhooks")
	url := flags.String("nats", "", "the NATS server")
	store := flags.String("store", "", "instead: the store of a server inside, which listens at the address of -nats")
	always := flags.Bool("always", false, "the server inside syncs before each acknowledgement")
	key := flags.String("key", "", "the public key that signatures are verified with")
	event := flags.Bool("event", false, "publish a CloudEvent, and not the body as it came")
	only := flags.Bool("answer", false, "answer, and do nothing else")
	if err := flags.Parse(args); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	if *only {
		mux.HandleFunc("POST "+path, answerOnly)
		return serve(ctx, *listen, mux)
	}
	nc, err := connectBare(*url, *store, *always)
	if err != nil {
		return err
	}
	defer nc.Close()
	b := &bare{message: asItCame}
	if *event {
		b.message = byHand
	}
	if b.js, err = jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(inFlight)); err != nil {
		return err
	}
	if b.key, err = publicKey(*key); err != nil {
		return err
	}
	// The same promises as the stream of the relay that it is compared with.
	if _, err = b.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: bareStream, Subjects: []string{bareSubject}, Storage: jetstream.FileStorage, Duplicates: 2 * time.Hour, MaxAge: 7 * 24 * time.Hour,
	}); err != nil {
		return err
	}
	mux.Handle("POST "+path, b)
	return serve(ctx, *listen, mux)
}

func serve(ctx context.Context, address string, h http.Handler) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: h}
	go func() { <-ctx.Done(); _ = s.Close() }()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func answerOnly(w http.ResponseWriter, q *http.Request) {
	_, _ = io.Copy(io.Discard, q.Body)
	_, _ = w.Write([]byte("ok"))
}

func (b *bare) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if b.key != nil && !signed(b.key, q.Header.Get("dyte-signature"), body) {
		http.Error(w, "wrong signature", http.StatusUnauthorized)
		return
	}
	m, err := b.message(body, q.Header)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	future, err := b.js.PublishMsgAsync(m)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	select {
	case ack := <-future.Ok():
		_, _ = w.Write(strconv.AppendUint(nil, ack.Sequence, 10))
	case err := <-future.Err():
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case <-q.Context().Done():
	}
}

// asItCame is the body with the delivery id.
func asItCame(body []byte, header http.Header) (*nats.Msg, error) {
	return &nats.Msg{Subject: bareSubject, Data: body, Header: nats.Header{jetstream.MsgIDHeader: {header.Get("dyte-uuid")}}}, nil
}

func signed(key *rsa.PublicKey, header string, body []byte) bool {
	signature, err := base64.StdEncoding.DecodeString(header)
	if err != nil {
		return false
	}
	digest := sha256.Sum256(body)
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
}

func publicKey(file string) (*rsa.PublicKey, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the key is no PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("the key is no RSA key")
	}
	return key, nil
}

// connectBare connects to the server at a URL, or to one that it starts inside if there is a store for it.
func connectBare(url, store string, always bool) (*nats.Conn, error) {
	if store == "" {
		return nats.Connect(url)
	}
	host, port, err := hostPort(url)
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "bare", Host: host, Port: port, NoSigs: true, JetStream: true, StoreDir: store, SyncAlways: always,
	})
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return nil, errors.New("the server inside is not ready")
	}
	return nats.Connect("", nats.InProcessServer(s))
}

func hostPort(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.Atoi(text)
	return host, port, err
}
