package normalize

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errNoObject = errors.New("it is another JSON value")
	errTrailing = errors.New("more follows after the object")
)

// lenient is how bodies are read. Names may repeat, since an authentic sample of Dyte's has createdAt twice; half a surrogate
// pair may stand in a string, since a sender that cuts a text after so many characters halves an emoji sooner or later.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// parser reads a body once, with every object in it.
type parser struct {
	decoder *jsontext.Decoder
	source  bytes.Buffer
	// deep says that objects in the object are read, too.
	deep bool
	// text is a copy of the body, of which names and values are parts.
	text    string
	members object
}

// parsers are parsers at rest. They hold no body, and are ready for the next.
var parsers = sync.Pool{New: func() any {
	p := new(parser)
	p.decoder = jsontext.NewDecoder(&p.source, lenient...)
	return p
}}

// membersKept is how many members a parser at rest has room for, so that one large body does not hold its memory for ever.
const membersKept = 1024

// parse reads body, which is one JSON object, and keeps nothing of it. The caller lets the parser rest when it needs the members
// no more; texts may be kept.
func parse(body []byte) (*parser, error) {
	p := parsers.Get().(*parser)
	p.text, p.deep = string(body), true
	err := p.document(body)
	if err != nil {
		p.forget()
		p.deep = false // the decoder says better what is wrong in a value that it reads whole
		err = p.document(body)
	}
	if err != nil {
		p.rest()
		return nil, err
	}
	return p, nil
}

// rest forgets the body.
func (p *parser) rest() {
	p.text = ""
	p.forget()
	if cap(p.members) > membersKept {
		p.members = nil
	}
	parsers.Put(p)
}

// forget makes the parser ready for another body. The decoder is set up here only: a small body takes not much longer to read.
func (p *parser) forget() {
	p.source = bytes.Buffer{}
	p.decoder.Reset(&p.source, lenient...)
	clear(p.members)
	p.members = p.members[:0]
}

func (p *parser) document(body []byte) error {
	p.source = *bytes.NewBuffer(body)
	if kind := p.decoder.PeekKind(); kind != jsontext.KindBeginObject && kind != jsontext.KindInvalid {
		return errNoObject
	}
	if _, err := p.object(); err != nil {
		return misread(err)
	}
	if _, err := p.decoder.ReadToken(); err != io.EOF {
		return errTrailing
	}
	return nil
}

// object reads the next value, an object, and its members. It calls itself as often as the decoder lets objects be nested.
func (p *parser) object() (value, error) {
	if _, err := p.decoder.ReadToken(); err != nil {
		return "", err
	}
	begin := p.decoder.InputOffset() - 1
	for p.decoder.PeekKind() != jsontext.KindEndObject {
		if err := p.member(); err != nil {
			return "", err
		}
	}
	if _, err := p.decoder.ReadToken(); err != nil {
		return "", err
	}
	return value(p.text[begin:p.decoder.InputOffset()]), nil
}

func (p *parser) member() error {
	name, err := p.whole()
	if err != nil {
		return err
	}
	at := len(p.members)
	p.members = append(p.members, member{name: unquote(name)})
	v, err := p.value()
	p.members[at].value, p.members[at].inner = v, len(p.members)-at-1
	return err
}

func (p *parser) value() (value, error) {
	if p.deep && p.decoder.PeekKind() == jsontext.KindBeginObject {
		return p.object()
	}
	return p.whole()
}

// whole reads the next value without looking into it.
func (p *parser) whole() (value, error) {
	v, err := p.decoder.ReadValue()
	if err != nil {
		return "", err
	}
	end := int(p.decoder.InputOffset())
	return value(p.text[end-len(v) : end]), nil
}

// misread says where text is not JSON, in few words whatever the text holds.
func misread(err error) error {
	if at := new(jsontext.SyntacticError); errors.As(err, &at) {
		return fmt.Errorf("at byte %d: %w", at.ByteOffset, at.Err)
	}
	return err
}
