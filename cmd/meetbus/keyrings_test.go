package main

import (
	"testing"
	"time"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay/keys"
)

// TestOneRingAURL: endpoints that take keys from one URL share a ring, whatever else they say of it.
func TestOneRingAURL(t *testing.T) {
	const url = "http://127.0.0.1:1/keys"
	endpoint := func(provider, url string, refresh time.Duration) config.Endpoint {
		return config.Endpoint{Name: provider, Provider: provider, Keys: config.Keys{URL: url, Refresh: refresh}}
	}
	endpoints := []config.Endpoint{
		endpoint("dyte", url, 2*time.Hour), endpoint("dyte", url, time.Hour), endpoint("realtimekit", url, 3*time.Hour),
		endpoint("videosdk", url+"/other", time.Hour),
	}
	k := newKeyrings(config.Config{Endpoints: endpoints}, keys.Options{})
	var rings []*keys.Ring
	for _, e := range endpoints {
		of, err := k.of(e)
		if err != nil || len(of) != 1 {
			t.Fatalf("%s: %d rings, %v", e.Name, len(of), err)
		}
		rings = append(rings, of[0])
	}
	if rings[0] != rings[1] || rings[0] != rings[2] || rings[0] == rings[3] {
		t.Errorf("rings are %v", rings)
	}
	if k.refresh[url] != time.Hour {
		t.Errorf("refresh is %v", k.refresh[url])
	}
}
