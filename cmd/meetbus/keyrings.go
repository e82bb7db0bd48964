package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay/keys"
)

// keyrings makes one ring a URL and one a file, however many endpoints use it: a URL is fetched at most once a minute, whoever
// asks.
type keyrings struct {
	options keys.Options
	// refresh is the smallest that an endpoint wants of a URL.
	refresh map[string]time.Duration
	rings   map[string]*keys.Ring
}

func newKeyrings(c config.Config, o keys.Options) *keyrings {
	k := &keyrings{options: o, refresh: map[string]time.Duration{}, rings: map[string]*keys.Ring{}}
	for _, e := range c.Endpoints {
		if least, seen := k.refresh[e.Keys.URL]; !seen || e.Keys.Refresh < least {
			k.refresh[e.Keys.URL] = e.Keys.Refresh
		}
	}
	return k
}

// of returns the rings of an endpoint's keys. URL and file are two sources: the file's keys never change. Without keyrings, for a
// relay that only foresees, there are none.
func (k *keyrings) of(e config.Endpoint) ([]*keys.Ring, error) {
	if k == nil {
		return nil, nil
	}
	var rings []*keys.Ring
	for _, s := range []keys.Source{
		{Provider: e.Provider, URL: e.Keys.URL, Refresh: k.refresh[e.Keys.URL]},
		{Provider: e.Provider, File: e.Keys.File},
	} {
		if s.URL == "" && s.File == "" {
			continue
		}
		ring, err := k.ring(s)
		if err != nil {
			return nil, fmt.Errorf("endpoint %s: %w", e.Name, err)
		}
		rings = append(rings, ring)
	}
	return rings, nil
}

// run keeps all keys fresh until stop is called.
func (k *keyrings) run(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	for _, ring := range k.rings {
		running.Go(func() { ring.Run(ctx) })
	}
	return func() { cancel(); running.Wait() }
}

func (k *keyrings) ring(s keys.Source) (*keys.Ring, error) {
	place := s.URL + s.File // of which one is empty
	if ring, made := k.rings[place]; made {
		return ring, nil
	}
	ring, err := keys.New(s, k.options)
	if err != nil {
		return nil, err
	}
	k.rings[place] = ring
	return ring, nil
}
