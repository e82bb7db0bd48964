package config

import (
	"encoding"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestValuesRead(t *testing.T) {
	for _, test := range []struct {
		text string
		into encoding.TextUnmarshaler
		want string
	}{
		{"0", new(Size), "0"},
		{"1", new(Size), "1"},
		{"17B", new(Size), "17"},
		{"1024", new(Size), "1KiB"},
		{"256KiB", new(Size), "256KiB"},
		{"256 KiB", new(Size), "256KiB"},
		{"1536MiB", new(Size), "1536MiB"},
		{"1GiB", new(Size), "1GiB"},
		{"1MB", new(Size), "1MB"},
		{"8388607TiB", new(Size), "8388607TiB"},
		{"always", new(Sync), "always"},
		{"2m", new(Sync), "2m0s"},
	} {
		if err := test.into.UnmarshalText([]byte(test.text)); err != nil {
			t.Errorf("%s: %v", test.text, err)
		}
		if got := fmt.Sprint(test.into); got != test.want {
			t.Errorf("%s: got %s, want %s", test.text, got, test.want)
		}
	}
}

func TestValuesRefused(t *testing.T) {
	for _, test := range []struct {
		into  encoding.TextUnmarshaler
		texts []string
	}{
		{new(Size), []string{"", "KiB", "-1", "+1", "1.5GiB", "1K", "1kib", "1 2KiB", "0x10", "1_000", "8388608TiB", "9223372036854775808"}},
		{new(Sync), []string{"", "never", "0", "0s", "-1s", "10", "Always"}},
	} {
		for _, text := range test.texts {
			if err := test.into.UnmarshalText([]byte(text)); err == nil {
				t.Errorf("%T took %q as %v", test.into, text, test.into)
			}
		}
	}
}

func TestValuesReadAsTheyPrint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size, sync := Size(rapid.Int64Min(0).Draw(t, "size")), Sync(rapid.Int64Min(0).Draw(t, "sync"))
		var size2 Size
		var sync2 Sync
		if err := size2.UnmarshalText([]byte(size.String())); err != nil || size2 != size {
			t.Errorf("%d prints as %s and is read as %d: %v", size, size, size2, err)
		}
		if err := sync2.UnmarshalText([]byte(sync.String())); err != nil || sync2 != sync {
			t.Errorf("%d prints as %s and is read as %d: %v", sync, sync, sync2, err)
		}
	})
}

func TestServerURLPrintsNoSecret(t *testing.T) {
	for u, want := range map[ServerURL]string{
		"":                                  "",
		"nats://nats:4222":                  "nats://nats:4222",
		"nats://hunter2@nats:4222":          "nats://<secret>@nats:4222",
		"tls://relay:hunter2@a, wss://b/x":  "tls://<secret>@a,wss://b",
		"ws://a/?token=hunter2#hunter2":     "ws://a",
		"relay:hunter2@nats:4222":           "<secret>",
		"nats://relay:hunter2@[::1":         "<secret>",
		"nats://relay:hun,ter2@nats:4222":   "<secret>,<secret>",
		"nats://relay:hunter2%zz@nats:4222": "<secret>",
	} {
		encoded, err := u.MarshalText()
		if got := u.String(); got != want || string(encoded) != want || err != nil {
			t.Errorf("%q prints as %s and is encoded as %s, want %s: %v", string(u), got, encoded, want, err)
		}
	}
}
