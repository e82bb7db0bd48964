package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/meetbus/meetbus/relay/bus"
)

// What strangers write must not steer the terminal of somebody who looks at events as JSON, and means the same to a program.
func TestJSONIsHarmless(t *testing.T) {
	var all strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !json.Valid([]byte(`"`+string(r)+`"`)) || r >= 0xd800 && r < 0xe000 {
			continue // only with an escape, or not at all
		}
		all.WriteRune(r)
	}
	was := []byte("{\r\n\t\"name\": \"" + all.String() + "\"}")
	var out strings.Builder
	if err := (jsonLines{}).write(&out, bus.Stored{Data: was}); err != nil {
		t.Fatal(err)
	}
	for _, r := range out.String() {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)) {
			t.Errorf("%U is there as it is", r)
		}
	}
	var before, after any
	if err := json.Unmarshal(was, &before); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out.String()), &after); err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("it is other JSON: %v", err)
	}
}

// What nobody needs to fear is written byte for byte. What is no JSON is noted, so that who reads JSON can go on.
func TestJSONIsExact(t *testing.T) {
	for _, text := range []string{`{"a" : "Ünal \u0085 <&>"}`, "{\n\t\"a\": \"\xff\"}"} {
		var out strings.Builder
		if err := (jsonLines{}).write(&out, bus.Stored{Data: []byte(text)}); err != nil || out.String() != text+"\n" {
			t.Errorf("%q is %q, %v", text, out.String(), err)
		}
	}
	var out, notes strings.Builder
	m := bus.Stored{Stream: "MEETBUS", Subject: "meeting.ended", Sequence: 4, Data: []byte("{\"a\":\n")}
	if err := (jsonLines{&notes}).write(&out, m); err != nil || out.Len() > 0 || notes.String() != "MEETBUS:4 on meeting.ended is left out: it is no JSON, 6 bytes\n" {
		t.Errorf("%q, %q, %v", &out, &notes, err)
	}
	if got := string(harmlessAnyway([]byte("no JSON \x1b[2J \u009b\xff"))); got != `no JSON \u001b[2J \u009b`+"\uFFFD" {
		t.Errorf("on a terminal it is %q", got)
	}
}
