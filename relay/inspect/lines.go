package inspect

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// linesMax is how many lines of a JSON text are shown, and valueMax how many bytes of one value.
	linesMax = 3000
	valueMax = 4000
	// depthMax is how far a line is moved to the right.
	depthMax = 12
)

// line is one line of a JSON text that is laid out. Its words are those of the text, but for what a reader could not see.
type line struct {
	Depth int
	// Name of the member with its quotes; empty in an array.
	Name string
	// Value is the JSON of a value that holds no others, or a bracket.
	Value string
	// Kind of the value: string, number, word, bracket or hidden.
	Kind  string
	Comma bool
	// Path of a value, as in participant.name or files[0].url; empty for what is no value.
	Path string
	// Moves are where the value went to, or came from.
	Moves []string
	// begin and end are where the value stands in the text.
	begin, end int
}

// replaced says what stands for a value that is not shown; false: it is shown.
type replaced func(path, name string) (instead string, is bool)

// linesOf lays out a JSON text, of which rest bytes are left out because there are too many lines.
func linesOf(text []byte, replace replaced) (lines []line, rest int, err error) {
	l := layout{text: text, replace: replace,
		decoder: jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	for len(l.lines) < linesMax {
		switch err := l.next(); {
		case err == io.EOF:
			return l.lines, 0, nil
		case err != nil:
			return l.lines, len(text) - int(l.decoder.InputOffset()), err
		}
	}
	return l.lines, len(text) - int(l.decoder.InputOffset()), nil
}

// layout is a JSON text that is being laid out.
type layout struct {
	text    []byte
	replace replaced
	decoder *jsontext.Decoder
	lines   []line
	// within are the objects and arrays that are open.
	within []bracket
}

type bracket struct {
	isArray bool
	path    string
	next    int
}

// next lays out one value, or one bracket.
func (l *layout) next() error {
	depth, name, plain, path := len(l.within), "", "", ""
	kind := l.decoder.PeekKind()
	if kind == jsontext.KindEndObject || kind == jsontext.KindEndArray {
		return l.close()
	}
	if depth > 0 {
		in := &l.within[depth-1]
		if in.next++; in.next > 1 {
			l.lines[len(l.lines)-1].Comma = true
		}
		path = fmt.Sprintf("%s[%d]", in.path, in.next-1)
		if !in.isArray {
			quoted, err := l.decoder.ReadValue()
			if err != nil {
				return err
			}
			name = string(quoted)
			said, _ := jsontext.AppendUnquote(nil, quoted) // an error tells of half a surrogate pair only
			plain = string(said)
			path = strings.TrimPrefix(in.path+"."+plain, ".")
		}
	}
	made := line{Depth: min(depth, depthMax), Name: shortened(name), Path: path}
	if instead, is := l.replace(path, plain); is {
		made.Value, made.Kind = instead, "hidden"
		l.lines = append(l.lines, made)
		return l.decoder.SkipValue()
	}
	return l.value(made, l.decoder.PeekKind())
}

func (l *layout) value(made line, kind jsontext.Kind) error {
	if kind == jsontext.KindBeginObject || kind == jsontext.KindBeginArray {
		if _, err := l.decoder.ReadToken(); err != nil {
			return err
		}
		l.within = append(l.within, bracket{isArray: kind == jsontext.KindBeginArray, path: made.Path})
		made.Value, made.Kind, made.Path = kindText(kind), "bracket", ""
		l.lines = append(l.lines, made)
		return nil
	}
	value, err := l.decoder.ReadValue()
	if err != nil {
		return err
	}
	made.end = int(l.decoder.InputOffset())
	made.begin = made.end - len(value)
	made.Value, made.Kind = shortened(string(value)), wordFor(kind)
	l.lines = append(l.lines, made)
	return nil
}

func (l *layout) close() error {
	token, err := l.decoder.ReadToken()
	if err != nil {
		return err
	}
	l.within = l.within[:len(l.within)-1]
	end := kindText(token.Kind())
	if last := &l.lines[len(l.lines)-1]; last.Kind == "bracket" && (last.Value == "{" || last.Value == "[") {
		last.Value += end // nothing is in it
		return nil
	}
	l.lines = append(l.lines, line{Depth: min(len(l.within), depthMax), Value: end, Kind: "bracket"})
	return nil
}

func kindText(k jsontext.Kind) string { return string(rune(k)) }

func wordFor(k jsontext.Kind) string {
	switch k {
	case jsontext.KindString:
		return "string"
	case jsontext.KindNumber:
		return "number"
	}
	return "word"
}

func shortened(text string) string {
	if len(text) <= valueMax {
		return shown(text)
	}
	return shown(strings.ToValidUTF8(text[:valueMax], "")) + fmt.Sprintf(" … %d bytes more", len(text)-valueMax)
}

// isHidden says whether a reader would not see a character as such.
func isHidden(r rune) bool { return !unicode.IsPrint(r) }

// escape writes hidden characters as JSON can, too.
func escape(text string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case !isHidden(r):
			b.WriteRune(r)
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		}
	}
	return b.String()
}
