package bus

import (
	"fmt"
	"strings"
	"time"
)

// cli writes commands of the nats command line (github.com/nats-io/natscli) that mend a stream. Its value is how the command is
// called to have the rights for it.
type cli string

// mostSubjects is how many fit into a command that anybody would type. It is all or none: --subjects replaces what is there.
const mostSubjects = 100

// cli is called as the relay itself on the embedded server, where nobody else may change a stream.
func (s Server) cli() cli {
	if s.InProcess == nil || s.User == "" {
		return "nats"
	}
	return cli(fmt.Sprintf(`nats --user %s --password "$(cat data_dir/password)"`, s.User))
}

// edit changes settings of a stream, which keeps what it holds.
func (c cli) edit(stream, flags string) string {
	return fmt.Sprintf("`%s stream edit %s %s`", c, stream, flags)
}

// remove deletes a stream with what it holds.
func (c cli) remove(stream string) string { return fmt.Sprintf("`%s stream rm %s`", c, stream) }

// add creates a stream as the relay would. It is empty for too many subjects.
func (c cli) add(want Stream) string {
	if len(want.Subjects) > mostSubjects {
		return ""
	}
	flags := []string{"--subjects " + quoted(want.Subjects), "--storage file", "--retention limits", "--discard new"}
	if want.MaxAge > 0 {
		flags = append(flags, "--max-age "+span(want.MaxAge))
	}
	if want.MaxBytes > 0 {
		flags = append(flags, fmt.Sprintf("--max-bytes %d", want.MaxBytes))
	}
	if want.DuplicateWindow > 0 {
		flags = append(flags, "--dupe-window "+span(want.DuplicateWindow))
	}
	flags = append(flags, fmt.Sprintf("--replicas %d", max(want.Replicas, 1)), "--defaults")
	return fmt.Sprintf("`%s stream add %s %s`", c, want.Name, strings.Join(flags, " "))
}

// inBrackets is the command that gives a stream these subjects and no others, in brackets. It is empty for too many.
func (c cli) inBrackets(stream string, subjects []string) string {
	if len(subjects) > mostSubjects {
		return ""
	}
	return " (" + c.edit(stream, "--subjects "+quoted(subjects)) + ")"
}

// quoted keeps * and > from the shell.
func quoted(subjects []string) string {
	return "'" + strings.ReplaceAll(strings.Join(subjects, ","), "'", `'\''`) + "'"
}

// span writes a duration as people and the command line do: 2h, not 2h0m0s.
func span(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
