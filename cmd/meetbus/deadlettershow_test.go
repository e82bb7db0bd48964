package main

import (
	"strings"
	"testing"
)

// TestBodyTextMasksStreamKeys: however the name is spelt, and whatever else the body is.
func TestBodyTextMasksStreamKeys(t *testing.T) {
	for _, body := range []string{
		`{"streamKey":"hunter2"}`,
		`{"a":{"stream_key" : "hunter2","b":1}}`,
		`{"rtmpStreamKey":"hunter2`,
		`{"stream\u004bey":"hunter2"}`,
		`{"x":"a\"b","streamKey":"hun\"hunter2"}`,
		"{\"streamKey\":\"hunter2\",\"b\":\"\xff\"}",
	} {
		if got := bodyText([]byte(body)); strings.Contains(got, "hunter2") || !strings.Contains(got, `"**`) { // hex has lines of its own
			t.Errorf("%q is shown as %s", body, got)
		}
	}
	for _, body := range []string{`{"stream":"hunter2","key":7}`, `words`, ``} {
		if got := bodyText([]byte(body)); strings.Contains(got, "***") || strings.TrimSpace(got) != body {
			t.Errorf("%q is shown as %s", body, got)
		}
	}
}
