package process

import (
	"net"
	"net/http"
	"time"
)

// Answers says whether a URL answers with 200.
func Answers(url string) func() bool {
	client := http.Client{Timeout: 2 * time.Second}
	return func() bool {
		r, err := client.Get(url)
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusOK
	}
}

// FreePorts returns addresses on loopback that nothing listens on now.
func FreePorts(n int) ([]string, error) {
	var listeners []net.Listener
	defer func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	}()
	var addresses []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, l)
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}
