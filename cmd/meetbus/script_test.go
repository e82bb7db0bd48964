package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/meetbus/meetbus/cmd/meetbus/registrytest"
)

// scriptPatience is how long a script waits for what must come; much longer than it takes.
const scriptPatience = 20 * time.Second

// scriptCommands are what the scripts have beyond testscript's own commands:
//
//	exits STATUS COMMAND...               run a command that exits with exactly this status
//	start [-until REGEXP] NAME COMMAND... start it in the background, with its output in NAME.log, and wait for a line that
//	                                      matches, else for $ADMIN/readyz to answer 200
//	signal SIGNAL NAME                    send it TERM, INT, KILL, STOP, CONT or HUP
//	ends [-status N] NAME                 wait for its end, with status 0 or N; -1 is death by a signal
//	stop [-status N] NAME                 signal TERM NAME, and ends
//	await REGEXP FILE                     wait for a file to match
//	await -run REGEXP COMMAND...          run a command, again and again, until its output matches
//	signature [-pss] [-cut N] NAME KEY BODY   make $NAME a signature of a file, with its last N characters cut off
//	post [-X METHOD] [-H 'NAME: VALUE']... [-sign KEY [-as HEADER]] URL BODY
//	                                      send a file; the answer's status, header and body are stdout
//	begin NAME URL BODY, finish NAME      the same in two halves: the answer comes with finish
//	receiver [-status N] [-answer FILE] KEY   a server at $RECEIVER that checks signatures with a public key, and writes what it
//	                                      gets to requests.log
//	registry dyte|realtimekit             the webhook API of a provider, at $REGISTRY
//
//	program NAME FILE                     vet and build a Go program as if it were in this module; program_test.go
//	carries NAME                          start natsd with NAME.conf and a relay with NAME.yaml, have a webhook published, read it
//	                                      with tail -c NAME.yaml and with the program of consumer create, and stop all
//
// Beside meetbus there are the programs httpget URL [TOKEN] and natsd ADDRESS DIR [CONF], a NATS server with JetStream, natsclient, somebody on the bus,
// credentials, which writes keys, certificates and configurations of NATS servers, and collector ADDRESS, which takes spans.
var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"exits":     scriptExits,
	"start":     scriptStart,
	"signal":    scriptSignal,
	"ends":      scriptEnds,
	"quit":      scriptQuit,
	"await":     scriptAwait,
	"signature": scriptSignature,
	"post":      scriptPost,
	"begin":     scriptBegin,
	"finish":    scriptFinish,
	"receiver":  scriptReceiver,
	"program":   scriptProgram,
	"carries":   scriptCarries,
	"registry":  scriptRegistry,
}

// setupScript gives each script free addresses, with their ports alone, and a time zone.
func setupScript(env *testscript.Env) error {
	for _, name := range []string{"HTTP", "ADMIN", "NATS", "HTTP2", "ADMIN2", "NATS2"} {
		address, err := freeAddress()
		if err != nil {
			return err
		}
		env.Setenv(name, address)
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		env.Setenv(name+"_PORT", port)
	}
	env.Setenv("TZ", "UTC")
	env.Values[backgrounds{}] = map[string]*background{}
	env.Values[halves{}] = map[string]half{}
	return nil
}

var given sync.Map

// freeAddress returns a loopback address that was never given before. Its port is below those that the kernel gives to
// connections, so that it stays free.
func freeAddress() (string, error) {
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return "", err
		}
		if _, twice := given.LoadOrStore(address, true); !twice {
			return address, nil
		}
	}
	return "", errors.New("no free port between 20000 and 32000")
}

func scriptExits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := statusOf(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit status is %d, want %d", got, want)
	}
}

func statusOf(ts *testscript.TestScript, err error) int {
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// background is a process that a script has started.
type background struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error
}

// backgrounds is the key of a script's map from names to background processes.
type backgrounds struct{}

func scriptStart(ts *testscript.TestScript, _ bool, args []string) {
	flags := flag.NewFlagSet("start", flag.ContinueOnError)
	until := flags.String("until", "", "")
	ts.Check(flags.Parse(args))
	if flags.NArg() < 2 {
		ts.Fatalf("usage: start [-until REGEXP] NAME COMMAND...")
	}
	name, command := flags.Arg(0), flags.Args()[1:]
	b := &background{log: ts.MkAbs(name + ".log"), done: make(chan struct{})}
	b.cmd = exec.Command(command[0], command[1:]...)
	b.cmd.Dir, b.cmd.Env = ts.MkAbs("."), environment(ts)
	out, err := os.Create(b.log)
	ts.Check(err)
	defer out.Close()
	b.cmd.Stdout, b.cmd.Stderr = out, out
	ts.Check(b.cmd.Start())
	go func() { b.err = b.cmd.Wait(); close(b.done) }()
	ts.Value(backgrounds{}).(map[string]*background)[name] = b
	ts.Defer(func() { _ = b.cmd.Process.Kill(); <-b.done })
	if *until != "" {
		b.await(ts, *until, func() bool { return regexp.MustCompile(*until).MatchString(ts.ReadFile(b.log)) })
		return
	}
	ready := "http://" + ts.Getenv("ADMIN") + "/readyz"
	b.await(ts, ready, func() bool { return answersOK(ready) })
}

// environment returns the script's environment, which testscript shows to nobody but commands.
func environment(ts *testscript.TestScript) []string {
	ts.Check(ts.Exec("env", "-0"))
	return append(strings.Split(strings.Trim(ts.ReadFile("stdout"), "\x00"), "\x00"), "PWD="+ts.MkAbs("."))
}

func answersOK(url string) bool {
	response, err := http.Get(url)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// await fails if the process ends, or patience does, before what holds.
func (b *background) await(ts *testscript.TestScript, what string, holds func() bool) {
	for end := time.Now().Add(scriptPatience); !holds(); {
		select {
		case <-b.done:
			ts.Fatalf("ended (%v) before %s:\n%s", b.err, what, ts.ReadFile(b.log))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			ts.Fatalf("no %s within %s:\n%s", what, scriptPatience, ts.ReadFile(b.log))
		}
	}
}

func named(ts *testscript.TestScript, args []string) *background {
	if len(args) != 1 {
		ts.Fatalf("name one process that was started, not %q", args)
	}
	b := ts.Value(backgrounds{}).(map[string]*background)[args[0]]
	if b == nil {
		ts.Fatalf("no process %q was started", args[0])
	}
	return b
}

var signals = map[string]syscall.Signal{
	"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL,
	"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT, "HUP": syscall.SIGHUP,
}

func scriptSignal(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 || signals[args[0]] == 0 {
		ts.Fatalf("usage: signal SIGNAL NAME")
	}
	err := named(ts, args[1:]).cmd.Process.Signal(signals[args[0]])
	if !errors.Is(err, os.ErrProcessDone) {
		ts.Check(err)
	}
}

func scriptEnds(ts *testscript.TestScript, _ bool, args []string) {
	flags := flag.NewFlagSet("ends", flag.ContinueOnError)
	want := flags.Int("status", 0, "")
	ts.Check(flags.Parse(args))
	b := named(ts, flags.Args())
	select {
	case <-b.done:
	case <-time.After(scriptPatience):
		ts.Fatalf("has not ended within %s:\n%s", scriptPatience, ts.ReadFile(b.log))
	}
	if got := statusOf(ts, b.err); got != *want {
		ts.Fatalf("exit status is %d, want %d:\n%s", got, *want, ts.ReadFile(b.log))
	}
}

func scriptQuit(ts *testscript.TestScript, neg bool, args []string) {
	scriptSignal(ts, neg, []string{"TERM", args[len(args)-1]})
	scriptEnds(ts, neg, args)
}

func scriptAwait(ts *testscript.TestScript, _ bool, args []string) {
	running := len(args) > 2 && args[0] == "-run"
	if running {
		args = args[1:]
	} else if len(args) != 2 {
		ts.Fatalf("usage: await REGEXP FILE, or await -run REGEXP COMMAND...")
	}
	wanted := regexp.MustCompile("(?m)" + args[0])
	for end := time.Now().Add(scriptPatience); ; time.Sleep(20 * time.Millisecond) {
		got := ""
		if running {
			_ = ts.Exec(args[1], args[2:]...)
			got = ts.ReadFile("stdout")
		} else if text, err := os.ReadFile(ts.MkAbs(args[1])); err == nil {
			got = string(text)
		}
		if wanted.MatchString(got) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s does not come:\n%s", wanted, got)
		}
	}
}

func scriptSignature(ts *testscript.TestScript, _ bool, args []string) {
	flags := flag.NewFlagSet("signature", flag.ContinueOnError)
	pss := flags.Bool("pss", false, "")
	cut := flags.Int("cut", 0, "")
	ts.Check(flags.Parse(args))
	if flags.NArg() != 3 {
		ts.Fatalf("usage: signature [-pss] [-cut N] NAME KEY BODY")
	}
	key, err := readPrivateKey(ts.MkAbs(flags.Arg(1)))
	ts.Check(err)
	body := []byte(ts.ReadFile(flags.Arg(2)))
	signature, err := sign(key, body)
	ts.Check(err)
	if *pss {
		digest := sha256.Sum256(body)
		other, err := rsa.SignPSS(crand.Reader, key, crypto.SHA256, digest[:], nil)
		ts.Check(err)
		signature = base64.StdEncoding.EncodeToString(other)
	}
	ts.Setenv(flags.Arg(0), signature[:len(signature)-*cut])
}

func scriptCarries(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: carries NAME")
	}
	file := args[0] + ".yaml"
	scriptStart(ts, neg, []string{"-until", "listening", "nats", "natsd", ts.Getenv("NATS"), "store-" + args[0], args[0] + ".conf"})
	scriptStart(ts, neg, []string{"relay", "meetbus", "serve", "-c", file})
	ts.Check(ts.Exec("meetbus", "trigger", "dyte", "meeting.started", "--url", "http://"+ts.Getenv("HTTP")))
	ts.Check(ts.Exec("meetbus", "tail", "-c", file, "--all", "--no-follow", "-o", "json"))
	if got := ts.ReadFile("stdout"); strings.Count(got, `"type":"meeting.started"`) != 1 || strings.Count(got, "\n") != 1 {
		ts.Fatalf("tail shows not the one event:\n%s", got)
	}
	ts.Check(ts.Exec("meetbus", "consumer", "create", "mine", "-c", file, "--filter", "meeting.started"))
	if said := ts.ReadFile("stdout") + ts.ReadFile("stderr"); strings.Contains(said, "hunter2") {
		ts.Fatalf("a secret is shown:\n%s", said)
	}
	ts.Check(os.WriteFile(ts.MkAbs("main.go"), []byte(ts.ReadFile("stdout")), 0o600))
	scriptProgram(ts, neg, []string{"mine", "main.go"})
	scriptStart(ts, neg, []string{"-until", "meeting.started", "subscriber", ts.MkAbs("mine")})
	scriptQuit(ts, neg, []string{"subscriber"})
	scriptQuit(ts, neg, []string{"relay"})
	scriptQuit(ts, neg, []string{"nats"})
}

type headers []string

func (h *headers) String() string     { return strings.Join(*h, ", ") }
func (h *headers) Set(s string) error { *h = append(*h, s); return nil }

func scriptPost(ts *testscript.TestScript, _ bool, args []string) {
	flags := flag.NewFlagSet("post", flag.ContinueOnError)
	method := flags.String("X", http.MethodPost, "")
	key, as := flags.String("sign", "", ""), flags.String("as", "dyte-signature", "")
	var given headers
	flags.Var(&given, "H", "")
	ts.Check(flags.Parse(args))
	if flags.NArg() != 2 {
		ts.Fatalf("usage: post [flags] URL BODY")
	}
	body := []byte(ts.ReadFile(flags.Arg(1)))
	request, err := http.NewRequest(*method, flags.Arg(0), bytes.NewReader(body))
	ts.Check(err)
	for _, h := range given {
		name, value, _ := strings.Cut(h, ": ")
		if strings.EqualFold(name, "host") {
			request.Host = value
		}
		request.Header.Add(name, value)
	}
	if *key != "" {
		private, err := readPrivateKey(ts.MkAbs(*key))
		ts.Check(err)
		signature, err := sign(private, body)
		ts.Check(err)
		request.Header.Set(*as, signature)
	}
	response, err := direct.Do(request)
	ts.Check(err)
	show(ts, response)
}

func show(ts *testscript.TestScript, response *http.Response) {
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	ts.Check(err)
	fmt.Fprintln(ts.Stdout(), response.StatusCode)
	ts.Check(response.Header.Write(ts.Stdout()))
	fmt.Fprintf(ts.Stdout(), "\n%s\n", answer)
}

// half is a request of which one half is sent.
type half struct {
	connection net.Conn
	answers    *bufio.Reader
	rest       []byte
}

// halves is the key of a script's map from names to requests that were begun.
type halves struct{}

func scriptBegin(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: begin NAME URL BODY")
	}
	body := []byte(ts.ReadFile(args[2]))
	request, err := http.NewRequest(http.MethodPost, args[1], bytes.NewReader(body))
	ts.Check(err)
	// The server says 100 when it begins to read the body: from then on the request is under way, and not just on its way.
	request.Header.Set("Expect", "100-continue")
	var text bytes.Buffer
	ts.Check(request.Write(&text))
	connection, err := net.Dial("tcp", request.URL.Host)
	ts.Check(err)
	ts.Defer(func() { connection.Close() })
	h := half{connection: connection, answers: bufio.NewReader(connection), rest: text.Bytes()[text.Len()-len(body)/2:]}
	h.write(ts, text.Bytes()[:text.Len()-len(body)])
	if going, err := http.ReadResponse(h.answers, request); err != nil || going.StatusCode != http.StatusContinue {
		ts.Fatalf("the server does not read the body: %v %v", going, err)
	}
	h.write(ts, body[:len(body)-len(h.rest)])
	ts.Value(halves{}).(map[string]half)[args[0]] = h
}

func (h half) write(ts *testscript.TestScript, text []byte) {
	_, err := h.connection.Write(text)
	ts.Check(err)
}

func scriptFinish(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: finish NAME")
	}
	h, begun := ts.Value(halves{}).(map[string]half)[args[0]]
	if !begun {
		ts.Fatalf("%s was not begun", args[0])
	}
	h.write(ts, h.rest)
	response, err := http.ReadResponse(h.answers, nil)
	ts.Check(err)
	show(ts, response)
}

func scriptReceiver(ts *testscript.TestScript, _ bool, args []string) {
	flags := flag.NewFlagSet("receiver", flag.ContinueOnError)
	status, answer := flags.Int("status", http.StatusOK, ""), flags.String("answer", "", "")
	ts.Check(flags.Parse(args))
	if flags.NArg() != 1 {
		ts.Fatalf("usage: receiver [-status N] [-answer FILE] KEY")
	}
	block, _ := pem.Decode([]byte(ts.ReadFile(flags.Arg(0))))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	ts.Check(err)
	r := &webhookReceiver{
		key: public.(*rsa.PublicKey), log: filepath.Join(ts.Getenv("WORK"), "requests.log"), status: *status,
		answer: []byte(`{"id":"x","type":"t","subject":"some.subject","stream":"STREAM","sequence":7,"duplicate":false}`),
	}
	if *answer != "" {
		r.answer = []byte(ts.ReadFile(*answer))
	}
	server := httptest.NewServer(r)
	ts.Defer(server.Close)
	ts.Setenv("RECEIVER", server.URL)
}

// scriptRegistry starts the webhook API of a provider, and sets REGISTRY to its URL.
func scriptRegistry(ts *testscript.TestScript, _ bool, args []string) {
	start := map[string]func() *registrytest.Server{"dyte": registrytest.Dyte, "realtimekit": registrytest.RealtimeKit}
	if len(args) != 1 || start[args[0]] == nil {
		ts.Fatalf("usage: registry dyte|realtimekit")
	}
	server := start[args[0]]()
	ts.Defer(server.Close)
	ts.Setenv("REGISTRY", server.URL)
}

// webhookReceiver writes a line of every request that it gets: path, whether the signature is right, headers, body.
type webhookReceiver struct {
	key    *rsa.PublicKey
	log    string
	status int
	answer []byte
	mu     sync.Mutex
}

func (r *webhookReceiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	line := fmt.Sprintf("%s %s %s %v %s\n", q.Method, q.URL.Path, r.verdict(q.Header, body), q.Header, body)
	r.mu.Lock()
	defer r.mu.Unlock()
	f, err := os.OpenFile(r.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.WriteString(line)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Location", "/elsewhere")
	w.WriteHeader(r.status)
	w.Write(r.answer)
}

func (r *webhookReceiver) verdict(h http.Header, body []byte) string {
	for _, name := range []string{"dyte-signature", "rtk-signature", "videosdk-signature"} {
		if h.Get(name) == "" {
			continue
		}
		signature, err := base64.StdEncoding.DecodeString(h.Get(name))
		digest := sha256.Sum256(body)
		if err != nil || rsa.VerifyPKCS1v15(r.key, crypto.SHA256, digest[:], signature) != nil {
			return "bad " + name
		}
		return "good " + name
	}
	return "unsigned"
}

// httpget writes what a URL answers, also to the bearer of a token.
func httpget() {
	request, err := http.NewRequest(http.MethodGet, os.Args[1], nil)
	if err != nil {
		log.Fatal(err)
	}
	if len(os.Args) > 2 {
		request.Header.Set("Authorization", "Bearer "+os.Args[2])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		log.Fatal(err)
	}
}

// natsd is a NATS server with JetStream, as a program: it ends at SIGTERM.
func natsd() {
	address, dir := os.Args[1], os.Args[2]
	options := &server.Options{}
	if len(os.Args) > 3 {
		var err error
		if options, err = server.ProcessConfigFile(os.Args[3]); err != nil {
			log.Fatal(err)
		}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		log.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		log.Fatal(err)
	}
	options.ServerName, options.Host, options.Port = "natsd", host, number
	options.JetStream, options.StoreDir, options.NoLog, options.NoSigs = true, dir, true, true
	s, err := server.NewServer(options)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s.Start()
	if !s.ReadyForConnections(scriptPatience) {
		log.Fatal("not ready for connections")
	}
	fmt.Println("listening at", address)
	<-ctx.Done()
	s.Shutdown()
	s.WaitForShutdown()
}
