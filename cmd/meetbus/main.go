// Command meetbus turns the webhooks of video-meeting providers into CloudEvents on NATS JetStream.
//
// One file a command; what is not a command is named after what it holds:
//
//	main.go         run: the root command, and how an error becomes an exit status
//	connection.go   where the bus is: flags, environment, the file, the default; guests.go is for the embedded server, trust.go for
//	                the certificates of our own listeners
//	terminal.go     what may be shown on a terminal, and whether there is one; progress.go is for long work
//	serve.go        the relay; process.go starts and stops it, store.go opens where its events go, listen.go its sockets,
//	                announce.go and logging.go say what it does; assemble.go and keyrings.go say what the configuration means to
//	                the relay's rooms
//	reload.go       what a running relay takes in when files change: rules, certificates, keys; token.go is one of them, follow.go sees that
//	                files have changed, expiry.go that a certificate ends
//	trigger.go      sample webhooks to a running relay: events.go chooses them, freshen.go gives them new ids and times,
//	                sender.go sends them, answer.go reads what the relay says
//	tail.go         events as they come: tailing.go is one run of it, since.go how a time is given, pretty.go how a person reads one
//	consumer.go     durable consumers: consumerfacts.go says what was made, subscriber.go prints the program that uses it, in the
//	                languages of subscriber/
//	types.go        the catalogue, and where each type goes with this configuration
//	asyncapi.go     what a configuration sends, for programs and people who subscribe
//	check.go        is the configuration good, and what would become of one payload? checkserver.go asks the NATS server too
//	deadletter.go   what could not be understood: deadletterlist.go and deadlettershow.go show it, deadletteract.go tries it again or
//	                discards it; operator.go is for commands that a guest of the embedded server may not do, confirm.go asks first
//	replay.go       stored webhooks through today's rules, into a stream of their own; replayplan.go is what it would do; since.go is
//	                the flag for a time, which tail has too
//	register.go     the providers' webhook APIs: registerapi.go and registercredentials.go say whose and who asks, registercall.go and
//	                registeranswer.go speak to them, registerensure.go registers once, registerevents.go reads what is asked for,
//	                registerrun.go is the actions, registershow.go what they print; registersettings.go is for VideoSDK, which has none
//	keygen.go       a pair of keys for signed tests
//	healthcheck.go  is the relay ready?
//	version.go      which meetbus is this?
//	completion.go   scripts for shells; words.go is what several commands list and show
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit statuses. Scripts rely on them.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second signal kills
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run does what args say until ctx ends, and returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return statusDone
	}
	report(stderr, err)
	if errors.As(err, new(usageError)) {
		return statusUsage
	}
	return statusFailed
}

// usageError is an error that the user mends by typing or configuring something else.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// report writes err in one line; several only where it joins several faults, of which each has its own.
func report(w io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		if line = printable(line); line != "" {
			fmt.Fprintf(w, "meetbus: %s\n", line)
		}
	}
}

// note writes in one line what is no error: it has the name of no program before it, and no status after.
func note(w io.Writer, format string, args ...any) {
	fmt.Fprintln(w, printable(fmt.Sprintf(format, args...)))
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "meetbus",
		Short: "Webhooks of video-meeting providers as CloudEvents on NATS JetStream",
		Example: `  meetbus serve                                   # the relay, with a NATS server inside
  meetbus tail                                    # in a second terminal: the events
  meetbus trigger dyte meeting.participantJoined  # in a third: a webhook`,
		Args:              knownCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Version:           build(),

		SuggestionsMinimumDistance: 2,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w (%s --help shows what there is)", err, cmd.CommandPath())
	})
	root.AddCommand(newServe(), newTrigger(), newTail(), newConsumer(), newTypes(), newAsyncAPI(), newCheck(), newDeadLetter(), newReplay(),
		newRegister(), newKeygen(), newHealthcheck(), newVersion(), newCompletion())
	root.SetHelpCommand(newHelp())
	return root
}

// newHelp returns the help command: cobra's own prints more than a line about an unknown topic, and exits with 0.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Show the help of a command",
		Example: "  meetbus help trigger",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usageError{err}
			}
			if len(rest) > 0 {
				return knownCommand(cmd.Root(), rest)
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// knownCommand refuses the arguments that are left when no command has the name of the first.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "meetbus --help lists the commands"
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return usagef("unknown command %q: %s", args[0], hint)
}

// noArguments refuses every argument.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, and got %q", cmd.CommandPath(), args[0])
	}
	return nil
}
