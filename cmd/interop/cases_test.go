package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestContents(t *testing.T) {
	if len(contents()) < 9 {
		t.Fatalf("there are only %d cases", len(contents()))
	}
	for _, c := range contents() {
		for _, w := range c.webhooks() {
			var body struct{ Event, Pad string }
			if err := json.Unmarshal([]byte(w.body), &body); err != nil || body.Event == "" {
				t.Errorf("%s: %v in %s", w.delivery, err, short(w.body))
			}
			if c.bodySize > 0 && len(w.body) != bodyLimit {
				t.Errorf("%s has %d bytes", w.delivery, len(w.body))
			}
			if w.want.data["original"] != w.body {
				t.Errorf("%s: the original is not the body", w.delivery)
			}
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args                     string
		subscribers, sdks, cases int
		modes                    []mode
		err                      string
	}{
		{"", 4, 2, 9, []mode{structured, binary}, ""},
		{"-sdk js -mode binary -case percent", 0, 1, 1, []mode{binary}, ""},
		{"-case percent,64k", 0, 2, 2, []mode{structured, binary}, ""},
		{"-subscriber node", 1, 0, 9, []mode{structured, binary}, ""},
		{"-subscriber node,shell -sdk go", 2, 1, 9, []mode{structured, binary}, ""},
		{"-sdk python", 0, 0, 0, nil, "-sdk python: there is go, js"},
		{"-mode both", 0, 0, 0, nil, "-mode both: there is structured, binary"},
		{"all", 0, 0, 0, nil, "all is no flag"},
	} {
		o, err := parse(strings.Fields(c.args))
		if (c.err == "") != (err == nil) || err != nil && err.Error() != c.err {
			t.Errorf("%s: error %v, want %q", c.args, err, c.err)
		}
		if len(o.subscribers) != c.subscribers || len(o.sdks) != c.sdks || len(o.cases) != c.cases || !slices.Equal(o.modes, c.modes) {
			t.Errorf("%s: %d subscribers, %d SDKs, %d cases, %v", c.args, len(o.subscribers), len(o.sdks), len(o.cases), o.modes)
		}
	}
}
