package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// errNotConfirmed comes where a person has said no.
var errNotConfirmed = errors.New("nothing was done")

// confirm asks whether to do what cannot be undone, and returns nil for yes. Where nobody can be asked it wants --yes.
func confirm(cmd *cobra.Command, yes bool, question string) error {
	switch {
	case yes:
		return nil
	case !isTerminal(cmd.InOrStdin()):
		return usagef("%s There is nobody to ask here: --yes says yes", question)
	}
	return ask(cmd.Context(), cmd.InOrStdin(), cmd.ErrOrStderr(), question)
}

func ask(ctx context.Context, in io.Reader, out io.Writer, question string) error {
	fmt.Fprintf(out, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() { // nothing ends the reading of a terminal: it is left behind when the program ends
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(out)
		return errNotConfirmed
	case line := <-answer:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return nil
		}
		return errNotConfirmed
	}
}
