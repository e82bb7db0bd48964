package main

import (
	"bufio"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/normalize"
)

// registerOptions are what the command line says.
type registerOptions struct {
	provider normalize.Provider
	api      registryAPI

	file, base, output string
	url, name          string
	events             []string
	dryRun, yes        bool

	// The rest is filled in by running.
	cmd         *cobra.Command
	args        []string
	credentials customer
	registrar   *registrar
}

// running returns what cobra runs: action, after what all actions need was checked. Credentials that are missing are an error
// only where something is sent.
func (o *registerOptions) running(action func(*registerOptions) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		o.cmd, o.args = cmd, args
		if err := checkOutput(o.output, "text"); err != nil {
			return err
		}
		if err := checkAPI(o.base); err != nil {
			return err
		}
		if o.credentials, err = readCredentials(o.api.needs, o.file, cmd.ErrOrStderr()); err != nil {
			return err
		}
		if !o.dryRun {
			if err := o.credentials.missing(o.api.needs); err != nil {
				return err
			}
		}
		o.registrar = newRegistrar(o.api, o.base, o.credentials)
		return action(o)
	}
}

// ids are what registrations are called. The providers' are UUIDs.
var ids = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

func (o *registerOptions) oneID(verb string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 || !ids.MatchString(args[0]) {
			return usagef("%s takes the id of one registration: meetbus register %s list shows them", verb, o.provider.Name)
		}
		return nil
	}
}

// wanted returns what the flags ask for. With all, what they do not say has a default.
func (o *registerOptions) wanted(all bool) (wish, error) {
	w := wish{Name: o.name}
	if o.url != "" || all {
		u, err := endpointURL(o.provider, o.url)
		if err != nil {
			return wish{}, err
		}
		w.URL = u.String()
	}
	if len(o.events) > 0 || all {
		var err error
		if w.Events, err = subscription(o.provider, o.events); err != nil {
			return wish{}, err
		}
	}
	return w, nil
}

func (o *registerOptions) register() error {
	want, err := o.wanted(true)
	if err != nil {
		return err
	}
	if o.dryRun {
		return o.showRequest(request{method: "POST", body: want.new()})
	}
	done, err := o.registrar.ensure(o.cmd.Context(), want)
	if err != nil {
		return o.explained(err)
	}
	return o.showOutcome(done)
}

func (o *registerOptions) list() error {
	all, err := o.registrar.list(o.cmd.Context())
	if err != nil {
		return o.explained(err)
	}
	return o.showAll(all)
}

func (o *registerOptions) update() error {
	want, err := o.wanted(false)
	switch {
	case err != nil:
		return err
	case want.empty():
		return usagef("update what? Say --url, --event or --name")
	case o.dryRun:
		return o.showRequest(request{method: "PATCH", id: o.args[0], body: want})
	}
	have, err := o.registrar.get(o.cmd.Context(), o.args[0])
	if err != nil {
		return o.explained(err)
	}
	done, err := o.registrar.change(o.cmd.Context(), have, want)
	if err != nil {
		return o.explained(err)
	}
	return o.showOutcome(done)
}

func (o *registerOptions) remove() error {
	if o.dryRun {
		return o.showRequest(request{method: "DELETE", id: o.args[0]})
	}
	if !o.yes && !isTerminal(o.cmd.InOrStdin()) {
		return usagef("remove asks on a terminal: elsewhere, add --yes")
	}
	have, err := o.registrar.get(o.cmd.Context(), o.args[0])
	if err != nil {
		return o.explained(err)
	}
	if !o.yes && !o.confirmed(have) {
		return errors.New("nothing was removed")
	}
	if err := o.registrar.remove(o.cmd.Context(), have.ID); err != nil {
		return o.explained(err)
	}
	return o.showOutcome(outcome{Done: "removed", Now: have})
}

func (o *registerOptions) confirmed(have registered) bool {
	fmt.Fprintf(o.cmd.ErrOrStderr(), "Remove %s, which sends %d events to %s? [y/N] ",
		printable(have.ID), len(have.Events), printable(have.URL))
	answer, _ := bufio.NewReader(o.cmd.InOrStdin()).ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

// explained says whose API it was.
func (o *registerOptions) explained(err error) error {
	return fmt.Errorf("%s: %w", o.provider.Name, err)
}
