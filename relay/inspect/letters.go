package inspect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/meetbus/meetbus/relay/deadletter"
)

// Letters are the dead letters: relay/deadletter.
type Letters interface {
	List(ctx context.Context, before uint64, limit int) ([]deadletter.Letter, error)
	// Letter, Retry and Discard fail with deadletter.ErrNotFound where there is none, or none any more.
	Letter(ctx context.Context, sequence uint64) (deadletter.Letter, error)
	Retry(ctx context.Context, sequence uint64) (deadletter.Outcome, error)
	Discard(ctx context.Context, sequence uint64) error
	// Today says what Retry would make of a letter, and sends nothing.
	Today(ctx context.Context, l deadletter.Letter) (deadletter.Outcome, error)
}

const (
	// lettersMax is how many are on one page. For those of a meeting searchedMax are searched, or fewer where that takes longer than
	// searchMost: a letter can be as large as a body. RetryPatience is how long a person waits for a retry.
	lettersMax    = 50
	searchedMax   = 1000
	searchMost    = time.Second
	retryPatience = 4 * time.Second
)

type letterList struct {
	Letters []letterRow
	// Older, if there may be more, is where they begin.
	Older uint64
	Said  string
	// Meeting that is asked for; Searched how many letters were looked at for it.
	Meeting  string
	Searched int
}

type letterRow struct {
	Sequence                   uint64
	Stored                     string
	Provider, Reason, Endpoint string
	Detail, Size, Meeting      string
}

func rowOfLetter(l deadletter.Letter) letterRow {
	d := l.Data()
	return letterRow{
		Sequence: l.Sequence, Stored: l.Stored.UTC().Format("2006-01-02 15:04:05"), Provider: shown(l.Event.Provider),
		Reason: shown(d.Reason), Endpoint: shown(d.Endpoint), Detail: shown(d.Detail), Size: fmt.Sprintf("%d bytes", len(d.Body)),
		Meeting: shown(cut(l.Meeting())),
	}
}

// listLetters answers with the dead letters, the newest first.
func (i *Inspector) listLetters(w http.ResponseWriter, q *http.Request) {
	if i.o.Letters == nil {
		i.fail(w, q, http.StatusNotFound, "This relay shows no dead letters.")
		return
	}
	before, _ := strconv.ParseUint(q.URL.Query().Get("before"), 10, 64)
	list := letterList{Said: said(q.URL.Query()), Meeting: filterOf(q.URL.Query()).Meeting}
	if list.Meeting != "" {
		select {
		case i.searching <- struct{}{}:
			defer func() { <-i.searching }()
		case <-time.After(patience):
			i.fail(w, q, http.StatusServiceUnavailable, "Others search the dead letters now: try it again.")
			return
		case <-q.Context().Done():
			return
		}
	}
	ctx, cancel := context.WithTimeout(q.Context(), patience)
	defer cancel()
	if err := list.read(ctx, i.o.Letters, before); err != nil {
		i.fail(w, q, http.StatusServiceUnavailable, sentenceOf("The dead letters cannot be read now", err))
		return
	}
	i.render(w, http.StatusOK, "letters", i.view(q, "Dead letters", list))
}

// read reads a page of letters below a sequence: of those of a meeting, as many as are among the next that are searched.
func (list *letterList) read(ctx context.Context, from Letters, before uint64) error {
	began := time.Now()
	for list.Older = before; len(list.Letters) < lettersMax && list.Searched < searchedMax && time.Since(began) < searchMost; {
		found, err := from.List(ctx, list.Older, lettersMax)
		if err != nil {
			return err
		}
		for _, l := range found {
			if len(list.Letters) == lettersMax {
				return nil
			}
			list.Older = l.Sequence
			list.Searched++
			if contains(l.Meeting(), list.Meeting) {
				list.Letters = append(list.Letters, rowOfLetter(l))
			}
		}
		if len(found) < lettersMax {
			list.Older = 0
			return nil
		}
	}
	return nil
}

// said is what the page says of what was done last. The address chooses among our own sentences only.
func said(query url.Values) string {
	sequence, err := strconv.ParseUint(query.Get("letter"), 10, 64)
	switch what := query.Get("done"); {
	case err != nil:
	case what == "retried":
		return fmt.Sprintf("Dead letter %d was published again, and is no longer here.", sequence)
	case what == "discarded":
		return fmt.Sprintf("Dead letter %d was discarded.", sequence)
	}
	return ""
}

// letterPage is one dead letter.
type letterPage struct {
	letterRow
	Facts   []fact
	Headers []fact
	// Body is laid out if it is JSON, else Text has it.
	Body []line
	Rest int
	Text string
	// Failed says why what was asked for could not be done.
	Failed string
	// Still says why it would not be published now; else Becomes says what it would be, and where.
	Still, Becomes string
}

func (i *Inspector) letter(w http.ResponseWriter, q *http.Request) {
	i.showLetter(w, q, http.StatusOK, "")
}

// showLetter answers with one dead letter, and why nothing could be done about it.
func (i *Inspector) showLetter(w http.ResponseWriter, q *http.Request, status int, failed string) {
	sequence, ok := i.sequence(w, q)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(q.Context(), patience)
	defer cancel()
	l, err := i.o.Letters.Letter(ctx, sequence)
	if err != nil {
		i.failLetter(w, q, sequence, "It cannot be read now", err)
		return
	}
	p := letterPageOf(l)
	p.Failed = failed
	switch today, err := i.o.Letters.Today(ctx, l); {
	case err != nil:
		p.Still = shown(err.Error())
	case today.Still != "":
		p.Still = shown(today.Still)
	default:
		p.Becomes = shown(fmt.Sprintf("%s on %s", today.Type, today.Subject))
	}
	i.render(w, status, "letter", i.view(q, fmt.Sprintf("Dead letter %d", sequence), p))
}

func (i *Inspector) failLetter(w http.ResponseWriter, q *http.Request, sequence uint64, doing string, err error) {
	if errors.Is(err, deadletter.ErrNotFound) {
		i.fail(w, q, http.StatusNotFound, fmt.Sprintf("There is no dead letter %d, or not any more.", sequence))
		return
	}
	i.fail(w, q, http.StatusServiceUnavailable, sentenceOf(doing, err))
}

// sequence is the number of the letter that is asked for; not ok: it is answered already.
func (i *Inspector) sequence(w http.ResponseWriter, q *http.Request) (sequence uint64, ok bool) {
	sequence, err := strconv.ParseUint(q.PathValue("sequence"), 10, 64)
	if err != nil || i.o.Letters == nil {
		i.fail(w, q, http.StatusNotFound, "There is no such dead letter.")
		return 0, false
	}
	return sequence, true
}

func (i *Inspector) retry(w http.ResponseWriter, q *http.Request) {
	i.change(w, q, "retried", func(ctx context.Context, sequence uint64) error {
		outcome, err := i.o.Letters.Retry(ctx, sequence)
		if err == nil && outcome.Still != "" {
			err = errors.New(outcome.Still)
		}
		return err
	})
}

func (i *Inspector) discard(w http.ResponseWriter, q *http.Request) {
	i.change(w, q, "discarded", func(ctx context.Context, sequence uint64) error { return i.o.Letters.Discard(ctx, sequence) })
}

// change does something about a letter, and goes back to the list; where it fails, the letter says why.
func (i *Inspector) change(w http.ResponseWriter, q *http.Request, done string, do func(context.Context, uint64) error) {
	sequence, ok := i.sequence(w, q)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.Context()), retryPatience)
	defer cancel()
	switch err := do(ctx, sequence); {
	case errors.Is(err, deadletter.ErrNotFound):
		i.failLetter(w, q, sequence, "", err)
	case err != nil:
		i.showLetter(w, q, http.StatusConflict, shown(sentenceOf("It was not "+done, err)))
	default:
		http.Redirect(w, q, fmt.Sprintf("/inspector/deadletters?done=%s&letter=%d", done, sequence), http.StatusSeeOther)
	}
}

func letterPageOf(l deadletter.Letter) letterPage {
	p, d := letterPage{letterRow: rowOfLetter(l)}, l.Data()
	p.Facts = filled(
		fact{"reason", p.Reason}, fact{"detail", p.Detail}, fact{"meeting", p.Meeting}, fact{"provider", shown(l.Event.Provider)}, fact{"endpoint", p.Endpoint},
		fact{"received", shown(string(d.ReceivedAt))}, fact{"stored", p.Stored + " UTC"}, fact{"subject", shown(l.Subject)},
		fact{"sequence", fmt.Sprint(l.Sequence)}, fact{"id", shown(l.Event.ID)}, fact{"body", p.Size},
	)
	for name, values := range d.Headers {
		p.Headers = append(p.Headers, fact{shown(name), headerShown(name, values)})
	}
	slices.SortFunc(p.Headers, func(a, b fact) int { return strings.Compare(a.Name, b.Name) })
	if lines, rest, ok := readable(d.Body); ok {
		p.Body, p.Rest = lines, rest
		return p
	}
	text := d.Body[:min(len(d.Body), bodyMax)]
	p.Text, p.Rest = shownLines(strings.ToValidUTF8(string(text), "\uFFFD")), len(d.Body)-len(text)
	return p
}

// bodyMax is how much is shown of a body that is no JSON, in bytes.
const bodyMax = 64 << 10

// shownLines is shown, and leaves the ends of lines.
func shownLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = shown(strings.TrimSuffix(lines[i], "\r"))
	}
	return strings.Join(lines, "\n")
}

// headerShown is a header's values; one that is kept by its name only says so, and a signature is masked.
func headerShown(name string, values []string) string {
	switch {
	case len(values) == 0:
		return "not kept"
	case strings.Contains(strings.ToLower(name), "signature"):
		return fmt.Sprintf("masked: %d characters", utf8.RuneCountInString(strings.Join(values, "")))
	}
	return shown(strings.Join(values, ", "))
}
