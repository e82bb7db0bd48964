package normalize

import (
	"errors"
	"net/http"
	"testing"
)

func TestLookup(t *testing.T) {
	for _, p := range Providers() {
		if found, ok := Lookup(p.Name); !ok || found.Source != p.Source {
			t.Errorf("%s is not found", p.Name)
		}
	}
	if p, ok := Lookup("Dyte"); ok {
		t.Errorf("Dyte is %s", p.Name)
	}
}

func TestRecognize(t *testing.T) {
	rtk := http.Header{"Rtk-Uuid": {"x"}}
	for name, c := range map[string]struct {
		header http.Header
		body   string
		want   string
		err    error
	}{
		"webhookType":           {nil, `{"webhookType":"hls-started","event":"x"}`, "videosdk", nil},
		"type with data":        {nil, `{"type":"hls-started","data":{"meetingId":"m"}}`, "videosdk", nil},
		"type without data":     {nil, `{"type":"x","event":"meeting.started"}`, "dyte", nil},
		"call summary":          {nil, `{"call-summary":{"text":"x"}}`, "videosdk", nil},
		"event":                 {nil, `{"event":"meeting.started"}`, "dyte", nil},
		"event and a header":    {rtk, `{"event":"meeting.started"}`, "realtimekit", nil},
		"webhookType, a header": {rtk, `{"webhookType":"hls-started"}`, "videosdk", nil},
		"a twin":                {nil, `{"Event":"meeting.started"}`, "", ErrNoEvent},
		"nothing":               {rtk, `{}`, "", ErrNoEvent},
		"null":                  {nil, `{"event":null,"webhookType":""}`, "", ErrNoEvent},
		"an array":              {nil, `[]`, "", ErrNotJSON},
		"bytes":                 {nil, "{\"\xff\":1}", "", ErrNotUTF8},
	} {
		if p, err := Recognize(c.header, []byte(c.body)); p.Name != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v, want %q, %v", name, p.Name, err, c.want, c.err)
		}
	}
}
