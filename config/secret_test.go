package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	yaml "github.com/goccy/go-yaml"
)

// Each scalar of a full configuration in turn comes out of ${SECRET}, whose value is wrong nearly everywhere.
func TestFaultsHoldNoVariable(t *testing.T) {
	c := fileDefaults()
	c.HTTP.Hosts, c.Endpoints[0].WebhookIDs, c.Endpoints[0].Accept.Organizations = []string{"h"}, []string{"w"}, []string{"o"}
	c.HTTP.TLS, c.Admin.TLS, c.NATS.TLS, c.NATS.Embedded.TLS = &KeyPair{}, &KeyPair{}, &NATSTLS{}, &KeyPair{}
	c.CloudEvents.TypePrefix, c.CloudEvents.SchemaBase, c.Subjects.Prefix = "com.example.", "https://example.com", "acme"
	c.Subjects.Rules = []Rule{
		{Match: map[string][]string{"type": {"hls.*"}, "endpoint": {"dyte"}, "provider": {"dyte"}}, When: "verified", Subject: "a.{status}.c"},
		{Match: map[string][]string{"type": {"hls.*"}, "meetingid": {"m"}, "verified": {"true"}}, Subject: "a.b.{status}"},
		{Match: map[string][]string{"type": {"call.*"}}, Drop: true},
	}
	text, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	scalar := regexp.MustCompile(`(?m)^( *(?:- |[a-z_]+: )+)\S.*$`)
	places := scalar.FindAllSubmatchIndex(text, -1)
	if len(places) < 60 {
		t.Fatalf("only %d scalars in\n%s", len(places), text)
	}
	const core = "hunter2"
	for _, secret := range []string{core, "/" + core + "/\x00", "nats://u:" + core + "@h:port", "127.0.0.1:" + core, `*.>` + core} {
		for _, place := range places {
			changed := string(text[:place[3]]) + "${SECRET}" + string(text[place[1]:])
			_, faults := parse("f.yml", []byte(changed), lookup(map[string]string{"SECRET": secret}))
			if err := joined(faults); err != nil && strings.Contains(err.Error(), core) {
				t.Errorf("%s: the secret is in %v", text[place[2]:place[1]], err)
			}
		}
	}
}

func TestConfigPrintsNoSecret(t *testing.T) {
	c := Default()
	c.NATS.URL = "nats://relay:hunter2@127.0.0.1:4222"
	c.Endpoints[0].Path = "/webhooks/hunter2"
	encoded, err := json.Marshal(c.NATS)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%+v", &c), fmt.Sprintf("%#v", c.NATS), string(encoded),
	} {
		if !strings.Contains(text, "127.0.0.1:4222") || strings.Contains(text, "hunter2") {
			t.Errorf("got %s", text)
		}
	}
}
