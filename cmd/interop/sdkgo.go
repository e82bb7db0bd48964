package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/cloudevents/sdk-go/v2/types"
)

// sdk is a CloudEvents SDK in its own language.
type sdk struct {
	name, title string
	// read reads each message with each set of remedies, the smaller sets first.
	read func(ctx context.Context, r *rig, messages []message) ([]reading, error)
}

func (s sdk) called() string { return s.name }

func sdks() []sdk {
	return []sdk{{"go", "Go SDK", readByGo}, {"js", "JavaScript SDK", readByJS}}
}

// reading is what an SDK makes of one message.
type reading struct {
	Sequence uint64 `json:"sequence"`
	// Remedies are what was done beside the SDK.
	Remedies []string `json:"remedies"`
	// Attributes by name, with the types that the SDK gives them, and Data in JSON; Failed instead, if it cannot read the message.
	Attributes object `json:"attributes"`
	Data       string `json:"data"`
	Failed     string `json:"failed"`
}

// remediesOfGo are the sets that can be needed, the smaller first.
var remediesOfGo = [][]string{
	{}, {remedyDecode}, {remedyVerified}, {remedyDecode, remedyVerified}, {remedyDecode, remedyVerified, remedyBlanks},
}

func readByGo(_ context.Context, _ *rig, messages []message) (all []reading, err error) {
	for _, m := range messages {
		for _, remedies := range remediesOfGo {
			r := reading{Sequence: m.sequence, Remedies: remedies}
			if r.Attributes, r.Data, err = m.readByGo(remedies); err != nil {
				r.Failed = err.Error()
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// readByGo reads the message as docs/subscribers/cloudevents does, or without a remedy.
func (m message) readByGo(remedies []string) (attributes object, data string, err error) {
	header := http.Header{}
	for name, values := range m.header {
		value := values[0]
		if slices.Contains(remedies, remedyDecode) && strings.HasPrefix(name, "ce-") {
			if value, err = url.PathUnescape(value); err != nil {
				return nil, "", fmt.Errorf("%s: %w", name, err)
			}
		}
		header.Set(name, value)
	}
	e, err := binding.ToEvent(context.Background(), cehttp.NewMessage(header, io.NopCloser(bytes.NewReader(m.data))))
	if err != nil {
		return nil, "", err
	}
	attributes = attributesOf(e)
	if slices.Contains(remedies, remedyBlanks) {
		attributes["type"], attributes["subject"] = header.Get("ce-type"), header.Get("ce-subject")
	}
	if slices.Contains(remedies, remedyVerified) {
		attributes["verified"], err = types.ToBool(attributes["verified"])
	}
	return attributes, string(e.Data()), err
}

// attributesOf are the attributes that the SDK has, those that are not empty.
func attributesOf(e *event.Event) object {
	all := object{}
	maps.Copy(all, e.Extensions())
	for name, value := range map[string]string{
		"specversion": e.SpecVersion(), "id": e.ID(), "source": e.Source(), "type": e.Type(), "subject": e.Subject(),
		"time": types.FormatTime(e.Time()), "datacontenttype": e.DataContentType(), "dataschema": e.DataSchema(),
	} {
		if value != "" {
			all[name] = value
		}
	}
	return all
}
