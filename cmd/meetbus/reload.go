package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"go.uber.org/zap"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay"
	"github.com/meetbus/meetbus/relay/asyncapi"
	"github.com/meetbus/meetbus/relay/keys"
	"github.com/meetbus/meetbus/relay/route"
)

// reloader takes into a running relay what changes in files: the subject rules, and certificates, keys and tokens, also those that no
// setting names anew. Nothing of a file that is wrong is taken. Credentials for a NATS server need none of this: they are read
// at each connection.
type reloader struct {
	// load reads the configuration as at start; nil if there is no file.
	load func() (config.Config, error)
	// file of the configuration, or empty.
	file string
	// running is the configuration that the relay has. Only one reload at a time changes it.
	running config.Config
	// files are those whose change is to be taken, and known is what they held before anything of them was read.
	files []string
	known digests
	// seen is what they held when the last reload began that has come to its end, and inForce when the last one did that took it.
	seen, inForce digests

	certificates certificates
	rings        []*keys.Ring
	token        *token
	// document says what the relay sends, by the rules in force.
	document atomic.Pointer[[]byte]

	// widen makes a stream hold what rules say, remap is the relay's.
	widen   func(context.Context, config.Config) error
	relay   *relay.Relay
	metrics *relay.Metrics
	log     *zap.Logger
}

// begin looks at the files of a configuration, before they are read.
func (r *reloader) begin(c config.Config) {
	r.running = c
	files := []string{r.file, c.Admin.TokenFile}
	for _, pair := range []*config.KeyPair{c.HTTP.TLS, c.Admin.TLS, c.NATS.Embedded.TLS} {
		if pair != nil {
			files = append(files, pair.CertFile, pair.KeyFile)
		}
	}
	for _, e := range c.Endpoints {
		files = append(files, e.Keys.File)
	}
	slices.Sort(files)
	r.files = slices.DeleteFunc(slices.Compact(files), func(file string) bool { return file == "" })
	r.known = digestsOf(r.files)
	r.seen, r.inForce = r.known, r.known
}

// run reloads at each SIGHUP, and when a file has changed, until ctx ends. Without a file, there is nothing to reload, and SIGHUP ends
// the process as ever. A reload that waits for the bus gives way to the next.
func (r *reloader) run(ctx context.Context) {
	if len(r.files) == 0 {
		return
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	changed := make(chan struct{}, 1)
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() {
		err := follow(ctx, r.files, r.known, func() {
			select {
			case changed <- struct{}{}:
			default:
			}
		})
		if err != nil {
			r.log.Warn("files are not watched: after a change, send the relay SIGHUP", zap.Error(err))
		}
	})
	giveWay := func() {}
	for {
		byHand := false
		select {
		case <-ctx.Done():
			giveWay()
			return
		case <-asked:
			byHand = true
		case <-changed:
		}
		giveWay()
		under, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		giveWay = func() { cancel(); <-done }
		running.Go(func() { defer close(done); r.reload(under, byHand) })
	}
}

// reload takes what has changed, and says what became of it. Files are not read twice for one change, of which somebody tells by hand,
// too.
func (r *reloader) reload(ctx context.Context, byHand bool) {
	now := digestsOf(r.files)
	if !byHand && slices.Equal(now, r.seen) {
		return
	}
	err := r.take(ctx)
	if ctx.Err() != nil {
		return // the next one says more
	}
	r.metrics.Reloaded(err)
	r.seen = now
	if err == nil {
		said := "files were read again, and are in force"
		if slices.Equal(now, r.inForce) {
			said = "files were read again, and nothing has changed"
		}
		r.inForce = now
		r.log.Info(said)
		return
	}
	for line := range strings.Lines(err.Error()) {
		r.log.Error("files were read again, and refused: what was in force before stays", zap.String("why", strings.TrimSpace(line)))
	}
}

func (r *reloader) take(ctx context.Context) error {
	next := r.running
	if r.load != nil {
		var err error
		if next, err = r.load(); err != nil {
			return err
		}
	}
	if err := r.readAgain(); err != nil {
		return err
	}
	if others := changed(r.running, next); len(others) > 0 {
		r.log.Warn("settings have changed that need a restart", zap.Strings("sections", others))
	}
	return r.remap(ctx, next.Subjects)
}

// readAgain reads what lies in files of its own.
func (r *reloader) readAgain() error {
	var faults []error
	for _, c := range r.certificates {
		faults = append(faults, c.read())
	}
	for _, ring := range r.rings {
		faults = append(faults, ring.ReadFile())
	}
	return errors.Join(append(faults, r.token.read())...)
}

// remap puts other rules in force. The stream gets their subjects first.
func (r *reloader) remap(ctx context.Context, subjects config.Subjects) error {
	if reflect.DeepEqual(subjects, r.running.Subjects) {
		return nil
	}
	next := r.running
	next.Subjects = subjects
	table, err := next.Table()
	if err != nil {
		return err
	}
	document, err := asyncapi.Document(description(next, table))
	if err != nil {
		return err
	}
	if err := r.widen(ctx, next); err != nil {
		return err
	}
	r.relay.Remap(table)
	r.document.Store(&document)
	r.running = next
	r.log.Info("subject rules have changed", zap.Int("rules", len(subjects.Rules)))
	for _, warning := range next.SubjectWarnings() {
		r.log.Warn(warning)
	}
	return nil
}

// describe makes the document of a configuration.
func (r *reloader) describe(c config.Config, table *route.Table) error {
	document, err := asyncapi.Document(description(c, table))
	if err != nil {
		return err
	}
	r.document.Store(&document)
	return nil
}

// described is the document of what is in force.
func (r *reloader) described() []byte { return *r.document.Load() }

// changed are the sections, other than the rules, in which two configurations differ.
func changed(a, b config.Config) (sections []string) {
	a.Subjects, b.Subjects = config.Subjects{}, config.Subjects{}
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			sections = append(sections, x.Type().Field(i).Tag.Get("yaml"))
		}
	}
	return sections
}
