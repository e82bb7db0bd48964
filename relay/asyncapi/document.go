package asyncapi

import "github.com/go-json-experiment/json/jsontext"

// version of AsyncAPI. 3.1 has nothing more that is used here, and fewer tools read it.
const version = "3.0.0"

// MediaType is that of a document.
const MediaType = "application/vnd.aai.asyncapi+json;version=" + version

type document struct {
	AsyncAPI    string             `json:"asyncapi"`
	Info        info               `json:"info"`
	ContentType string             `json:"defaultContentType"`
	Servers     members[server]    `json:"servers"`
	Channels    members[channel]   `json:"channels"`
	Operations  members[operation] `json:"operations"`
	Components  components         `json:"components"`
}

type info struct {
	Title       string `json:"title"`
	Version     string `json:"version"`
	Description string `json:"description"`
}

type server struct {
	Host        string            `json:"host"`
	Protocol    string            `json:"protocol"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Variables   members[variable] `json:"variables,omitempty"`
	Security    []security        `json:"security,omitempty"`
}

type variable struct {
	Default     string `json:"default"`
	Description string `json:"description"`
}

type security struct {
	Type        string `json:"type"`
	Description string `json:"description"`
}

type channel struct {
	Address     string             `json:"address"`
	Title       string             `json:"title"`
	Description string             `json:"description,omitempty"`
	Messages    members[ref]       `json:"messages"`
	Parameters  members[parameter] `json:"parameters,omitempty"`
}

type parameter struct {
	Description string   `json:"description"`
	Enum        []string `json:"enum,omitempty"`
	Examples    []string `json:"examples,omitempty"`
}

type operation struct {
	Action   string   `json:"action"`
	Channel  ref      `json:"channel"`
	Title    string   `json:"title"`
	Summary  string   `json:"summary"`
	Messages []ref    `json:"messages"`
	Bindings bindings `json:"bindings"`
}

type bindings struct {
	NATS natsBinding `json:"nats"`
}

// natsBinding of an operation. It could name a queue group, which is for those who receive. For JetStream it has no words: the stream
// that holds the messages, and the filter that a consumer has for them, are extensions.
type natsBinding struct {
	Version string `json:"bindingVersion"`
	Stream  string `json:"x-stream"`
	Filter  string `json:"x-filter"`
}

type message struct {
	Name        string    `json:"name"`
	Title       string    `json:"title"`
	Summary     string    `json:"summary"`
	ContentType string    `json:"contentType"`
	Headers     schema    `json:"headers"`
	Payload     schema    `json:"payload"`
	Examples    []example `json:"examples,omitempty"`
}

type example struct {
	Name    string          `json:"name"`
	Headers members[string] `json:"headers"`
	Payload jsontext.Value  `json:"payload"`
}

type components struct {
	Schemas  members[schema]  `json:"schemas"`
	Messages members[message] `json:"messages"`
}

// ref leads to another object of the document.
type ref struct {
	To string `json:"$ref"`
}
