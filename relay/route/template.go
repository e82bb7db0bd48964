package route

import (
	"regexp"
	"slices"
	"strings"

	"github.com/meetbus/meetbus/schemas"
)

const (
	// tokensMax is how many tokens a subject may have: what NATS recommends, and short enough for every server.
	tokensMax = 16
	// typeTokens is how many tokens {type} has at most: those of an unmapped event.
	typeTokens = 4
)

var (
	literalToken = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	placeholder  = regexp.MustCompile(`^\{([^{}]*)\}$`)
)

// ofOneEvent are the attributes that no two events have in common.
var ofOneEvent = []string{"id", "time", "recordedtime", "deliveryid", "digest", "signature", "traceparent"}

// template is a subject with placeholders. Every part but {type} is exactly one token.
type template []part

// part is a literal token, or a placeholder.
type part struct {
	literal string
	// isType is {type}; otherwise, without a literal, the part is the attribute.
	isType    bool
	attribute schemas.Attribute
}

// template reads a template that stands after prefix, which is literals.
func (c *compiler) template(written, path string) (template, bool) {
	t := append(template{}, c.prefix...)
	tokens, ok := len(t), true
	for _, token := range strings.Split(written, ".") {
		p, good := c.part(token, path)
		if slices.Contains(ofOneEvent, p.attribute.Name) {
			c.warn(path, "has {%s}, which differs for every event: so many subjects are slow, and nobody can filter by them", p.attribute.Name)
		}
		ok = ok && good
		t = append(t, p)
		if tokens++; p.isType {
			tokens += typeTokens - 1
		}
	}
	if !ok {
		return nil, false
	}
	if first := t[0]; first.literal == "" && !first.isType {
		c.report(path, "must begin with a literal or {type}: anything else could be any subject in the account")
		return nil, false
	}
	if tokens > tokensMax {
		c.report(path, "has up to %d tokens, and %d are the most ({type} of an event that meetbus does not know has %d)",
			tokens, tokensMax, typeTokens)
		return nil, false
	}
	return t, true
}

func (c *compiler) part(token, path string) (p part, ok bool) {
	name := placeholder.FindStringSubmatch(token)
	switch {
	case name != nil && name[1] == "type":
		return part{isType: true}, true
	case name != nil:
		attribute, known := schemas.AttributeNamed(name[1])
		if !known {
			c.report(path, "has a placeholder that is no attribute of events%s", meant(Nearest(name[1], attributeNames()), "{%s}"))
		}
		return part{attribute: attribute}, known
	case token == "":
		c.report(path, "has an empty token: one dot too many, or nothing at all")
	case strings.ContainsAny(token, "*>"):
		c.report(path, "has a wildcard; a placeholder such as {meetingid} stands for a token that differs")
	case strings.ContainsAny(token, "{}"):
		c.report(path, "has a brace beside other characters: a placeholder stands alone between dots, as in recording.{status}")
	case !literalToken.MatchString(token):
		c.report(path, "has a token that is not 1 to 64 of A-Z, a-z, 0-9, - and _")
	default:
		return part{literal: token}, true
	}
	return part{}, false
}

// literals reads a prefix.
func (c *compiler) literals(prefix, path string) template {
	if prefix == "" {
		return nil
	}
	var t template
	for _, token := range strings.Split(prefix, ".") {
		if !literalToken.MatchString(token) {
			c.report(path, "must be tokens of A-Z, a-z, 0-9, - and _, with dots between them, such as acme or acme.prod")
			return template{{literal: "prefix"}} // so that nothing else is reported that a prefix mends
		}
		t = append(t, part{literal: token})
	}
	return t
}

// reserved says whether the subject begins with what servers and clients keep for themselves, such as _INBOX.
func (t template) reserved() bool { return len(t) > 0 && strings.HasPrefix(t[0].literal, "_") }

// render returns the subject of an event.
func (t template) render(v schemas.Envelope, e *schemas.Event) string {
	var b strings.Builder
	b.Grow(32 * len(t))
	for i, p := range t {
		if i > 0 {
			b.WriteByte('.')
		}
		switch {
		case p.isType:
			b.WriteString(typeSubject(e))
		case p.literal != "":
			b.WriteString(p.literal)
		default:
			b.WriteString(Token(p.attribute.Of(v, e)))
		}
	}
	return b.String()
}

// pattern returns what the stream must hold for events of a type: * for each placeholder, but what {type} can stand for.
func (t template) pattern(one typeSet) string {
	return t.written(typePattern(one), func(string) string { return "*" })
}

// form returns how the subjects of a type look: with the placeholders as they are, but what {type} can stand for.
func (t template) form(one typeSet) string { return t.written(typeForm(one), braced) }

func braced(name string) string { return "{" + name + "}" }

func (t template) written(typ string, attribute func(name string) string) string {
	tokens := make([]string, len(t))
	for i, p := range t {
		switch {
		case p.isType:
			tokens[i] = typ
		case p.literal != "":
			tokens[i] = p.literal
		default:
			tokens[i] = attribute(p.attribute.Name)
		}
	}
	return strings.Join(tokens, ".")
}

// typeSubject is what {type} stands for: the type of the catalogue, with its dot; otherwise
// meetbus.unmapped.<provider>.<its own name as one token>.
func typeSubject(e *schemas.Event) string {
	if schemas.Known(e.Type) {
		return e.Type
	}
	return unmapped + Token(e.Provider) + "." + Token(e.ProviderType)
}
