package config

import (
	"reflect"
	"testing"
)

func TestComposeFile(t *testing.T) {
	for verify, env := range map[string]map[string]string{
		VerifyNone:      {},
		VerifySignature: {"MEETBUS_VERIFY": "signature"},
	} {
		c, err := Load("compose.yml", lookup(env))
		if err != nil {
			t.Fatal(err)
		}
		want := DefaultEndpoints(verify)
		for i := range want {
			want[i].Insecure = true
		}
		if !reflect.DeepEqual(c.Endpoints, want) {
			t.Errorf("MEETBUS_VERIFY %s: got %+v, want %+v", verify, c.Endpoints, want)
		}
		if c.NATS.URL != "nats://nats:4222" || c.HTTP.Listen != "0.0.0.0:8080" || c.Admin.Listen != "0.0.0.0:8081" || c.DataDir != "/data" {
			t.Errorf("got %+v", c)
		}
	}
}

func TestComposeFileTakesAnotherServer(t *testing.T) {
	c, err := Load("compose.yml", lookup(map[string]string{"NATS_URL": "tls://elsewhere:4222"}))
	if err != nil || c.NATS.URL != "tls://elsewhere:4222" {
		t.Errorf("got %v, %v", c.NATS.URL, err)
	}
}

func TestComposeFileOfTheCluster(t *testing.T) {
	c, err := Load("compose.yml", lookup(map[string]string{"NATS_URL": "nats://nats-1:4222,nats://nats-2:4222", "NATS_REPLICAS": "3"}))
	if err != nil || c.Stream.Replicas != 3 || len(c.NATS.URL.servers()) != 2 || !c.Outbox.Enabled {
		t.Errorf("got %+v, %v", c, err)
	}
}
