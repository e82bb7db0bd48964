package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/antlr/antlr4/runtime/Go/antlr"
	cesql "github.com/cloudevents/sdk-go/sql/v2"
	"github.com/cloudevents/sdk-go/sql/v2/gen"
	"github.com/cloudevents/sdk-go/sql/v2/parser"
	"github.com/cloudevents/sdk-go/sql/v2/runtime"
	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/meetbus/meetbus/schemas"
)

// when is a condition in CloudEvents SQL 1.0. It is read-only, and may be asked by several goroutines at once.
type when struct{ expression cesql.Expression }

// whenMax is the length of the longest condition, in bytes: the SDK's parser nests as deeply as what it reads, and a stack that
// overflows cannot be caught.
const whenMax = 4 << 10

var errNotBoolean = errors.New("is neither true nor false, whatever the event: compare the value with something")

// newWhen reads a condition. Its errors do not repeat it.
func newWhen(text string) (*when, error) {
	if len(text) > whenMax {
		return nil, fmt.Errorf("is longer than %d bytes", whenMax)
	}
	names, calls, err := scan(text)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if _, known := schemas.AttributeNamed(n.text); !known {
			return nil, fmt.Errorf("asks at its character %d for what is no attribute of events%s (a text stands in quotes)",
				n.at, meant(Nearest(n.text, attributeNames()), "%s"))
		}
	}
	for _, c := range calls {
		if runtime.ResolveFunction(c.text, c.arguments) == nil {
			return nil, fmt.Errorf("calls at its character %d a function that CloudEvents SQL does not have, or not with %d arguments",
				c.at, c.arguments)
		}
	}
	expression, err := parse(text)
	if err != nil {
		return nil, err
	}
	w := &when{expression}
	if _, err := w.holds(specimen); errors.Is(err, errNotBoolean) {
		return nil, err
	}
	return w, nil
}

// holds says whether the condition is true of the event. An error means that it cannot be told: an attribute is missing, say.
func (w *when) holds(e event.Event) (holds bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			holds, err = false, errors.New("the evaluation has panicked")
		}
	}()
	value, err := w.expression.Evaluate(e)
	if err != nil {
		return false, err
	}
	holds, isBoolean := value.(bool)
	if !isBoolean {
		return false, errNotBoolean
	}
	return holds, nil
}

// specimen has every attribute, with a value that can be a number too: a condition that is no boolean of it is none of any event.
var specimen = func() event.Event {
	e := schemas.Event{
		ID: "1", Source: "1", Type: "1", Subject: "1", Time: time.Unix(1, 0), Provider: "1", ProviderType: "1", Endpoint: "1",
		MeetingID: "1", SessionID: "1", ParticipantID: "1", Status: "1", DeliveryID: "1", WebhookID: "1",
		RecordedTime: time.Unix(1, 0), PartitionKey: "1", Digest: "1", Signature: "1", TraceParent: "1", TraceState: "1", ReplayOf: "1",
	}
	c, err := schemas.Envelope{}.CloudEvent(&e)
	if err != nil {
		panic(fmt.Sprintf("the specimen of an event: %v", err)) // it is ours
	}
	return c
}()

// parse is the SDK's, which panics at some texts that it cannot read, and says what is wrong by quoting them.
func parse(text string) (expression cesql.Expression, err error) {
	defer func() {
		if p := recover(); p != nil {
			expression, err = nil, errSQL
		}
	}()
	if expression, err = parser.Parse(text); err != nil || expression == nil {
		return nil, errSQL
	}
	return expression, nil
}

var errSQL = errors.New("is not CloudEvents SQL: a number is larger than 32 bits, or LIKE has no text in quotes")

// word is a name in a condition, and the place of its first character, from 1.
type word struct {
	text string
	at   int
}

// call is a function and the number of its arguments.
type call struct {
	word
	arguments int
}

// scan reads a text with the SDK's own grammar, and returns the names in it: of attributes, and of functions. It goes first because
// the SDK's parser prints what it does not understand to stderr.
func scan(text string) (names []word, calls []call, err error) {
	first := &firstError{at: -1}
	lexer := gen.NewCESQLParserLexer(parser.NewCaseChangingStream(antlr.NewInputStream(text), true))
	lexer.RemoveErrorListeners()
	lexer.AddErrorListener(first)
	stream := antlr.NewCommonTokenStream(lexer, antlr.TokenDefaultChannel)
	grammar := gen.NewCESQLParserParser(stream)
	grammar.RemoveErrorListeners()
	grammar.AddErrorListener(first)
	grammar.Cesql()
	if first.at >= 0 {
		return nil, nil, fmt.Errorf("is not CloudEvents SQL at its character %d%s", first.at+1, instead([]rune(text), first.at))
	}
	names, calls = namesIn(stream.GetAllTokens())
	return names, calls, nil
}

// instead says what is written in CloudEvents SQL where other languages write what stands at a place.
func instead(text []rune, at int) string {
	if at >= len(text) {
		return ": it ends too soon"
	}
	rest := strings.ToUpper(string(text[at:]))
	for _, other := range []struct{ theirs, ours string }{
		{".", "attributes have no parts: meetingid, not meeting.id"},
		{"=", "one = compares"},
		{"&", "write AND"},
		{"|", "write OR"},
		{"!", "write NOT"},
		{"IS ", "write EXISTS meetingid, or NOT EXISTS meetingid"},
		{"MATCHES ", "write LIKE, with % for any text"},
		{"~", "write LIKE, with % for any text"},
		{"BETWEEN ", "write AND between two comparisons"},
	} {
		if strings.HasPrefix(rest, other.theirs) {
			return ": " + other.ours
		}
	}
	return ""
}

// firstError notes where a text stops being CloudEvents SQL, as an offset in characters.
type firstError struct {
	antlr.DefaultErrorListener
	at int
}

// SyntaxError is antlr's call.
func (f *firstError) SyntaxError(_ antlr.Recognizer, symbol any, _, column int, _ string, _ antlr.RecognitionException) {
	if token, ok := symbol.(antlr.Token); ok {
		column = token.GetStart()
	}
	if f.at < 0 {
		f.at = column
	}
}

func namesIn(tokens []antlr.Token) (names []word, calls []call) {
	words := []int{
		gen.CESQLParserLexerIDENTIFIER, gen.CESQLParserLexerIDENTIFIER_WITH_NUMBER,
		gen.CESQLParserLexerFUNCTION_IDENTIFIER_WITH_UNDERSCORE,
	}
	tokens = slices.DeleteFunc(slices.Clone(tokens), func(t antlr.Token) bool { return t.GetChannel() != antlr.TokenDefaultChannel })
	for i, t := range tokens {
		if !slices.Contains(words, t.GetTokenType()) {
			continue
		}
		if i+1 < len(tokens) && tokens[i+1].GetTokenType() == gen.CESQLParserLexerLR_BRACKET {
			calls = append(calls, call{word{strings.ToUpper(t.GetText()), t.GetStart() + 1}, argumentsIn(tokens[i+1:])})
		} else {
			names = append(names, word{strings.ToLower(t.GetText()), t.GetStart() + 1})
		}
	}
	return names, calls
}

// argumentsIn counts the arguments of a call, from its bracket on.
func argumentsIn(tokens []antlr.Token) int {
	depth, commas := 0, 0
	for i, t := range tokens {
		switch t.GetTokenType() {
		case gen.CESQLParserLexerLR_BRACKET:
			depth++
		case gen.CESQLParserLexerRR_BRACKET:
			if depth--; depth == 0 && i == 1 {
				return 0
			} else if depth == 0 {
				return commas + 1
			}
		case gen.CESQLParserLexerCOMMA:
			if depth == 1 {
				commas++
			}
		}
	}
	return commas + 1
}

// question asks conditions about one event, which it turns into the SDK's type at the first of them.
type question struct {
	asked bool
	event event.Event
	err   error
}

func (q *question) ask(w *when, v schemas.Envelope, e *schemas.Event) (bool, error) {
	if !q.asked {
		q.asked = true
		q.event, q.err = v.CloudEvent(e)
	}
	if q.err != nil {
		return false, q.err
	}
	return w.holds(q.event)
}
