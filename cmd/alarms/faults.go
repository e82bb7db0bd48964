package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What a scene's relay has otherwise than others.

func withoutOutbox(c settings) { c["outbox"] = settings{"enabled": false} }
func smallOutbox(c settings)   { c["outbox"] = settings{"max_bytes": "2MiB"} }
func smallStream(c settings)   { c["stream"] = settings{"max_bytes": "4MiB"} }
func largeBodies(c settings)   { c["http"].(settings)["max_body"] = "512KiB" }

func ruleOfSession(c settings) {
	c["subjects"] = settings{"rules": []any{settings{
		"match": settings{"type": "meeting.*"}, "when": "sessionid = 's-0'", "subject": "first.{type}",
	}}}
}

// behaving lets the provider behave so from now on.
func behaving(m manner) func(*stage) error {
	return func(s *stage) error { s.traffic.behave(m); return nil }
}

// well is good traffic.
func well(s *stage) error { s.traffic.behave(manner{}); return nil }

func killed(s *stage) error { s.relay.Kill(); return nil }

func frozen(s *stage) error { s.server.Signal(syscall.SIGSTOP); return nil }

func thawed(s *stage) error {
	s.server.Signal(syscall.SIGCONT)
	return well(s)
}

// frozenUnderLoad stops when the outbox is full for nine tenths, so that no webhook is refused.
func frozenUnderLoad(s *stage) error {
	s.traffic.behave(manner{silent: true})
	s.server.Signal(syscall.SIGSTOP)
	return s.load("meetbus_outbox_bytes", "meetbus_outbox_max_bytes")
}

// fourFifths is a stream that is nearly full, and no fuller.
func fourFifths(s *stage) error {
	s.traffic.behave(manner{silent: true})
	return s.load(`meetbus_stream_bytes{stream="MEETBUS"}`, `meetbus_stream_max_bytes{stream="MEETBUS"}`)
}

// load sends large webhooks until one metric is more than 0.85 of another.
func (s *stage) load(metric, limit string) error {
	for range 100 {
		values, err := metricsOf(s.admin)
		if err != nil {
			return err
		}
		if values[limit] > 0 && values[metric] > 0.85*values[limit] {
			return nil
		}
		if err := s.traffic.send(context.Background(), manner{body: large(128 << 10)}); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s does not grow", metric)
}

// largeStream raises the limit as `nats stream edit` does: on a server that is not the relay's own, it changes no limit itself.
func largeStream(s *stage) error {
	nc, err := nats.Connect("nats://" + s.natsPort)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	stream, err := js.Stream(ctx, "MEETBUS")
	if err != nil {
		return err
	}
	c := stream.CachedInfo().Config
	c.MaxBytes = 64 << 20
	_, err = js.UpdateStream(ctx, c)
	return errors.Join(err, well(s))
}

// limitsLowered has an event wait that will be too large for the NATS server that comes back.
func limitsLowered(s *stage) error {
	s.traffic.behave(manner{silent: true})
	s.server.Stop()
	if err := s.traffic.send(context.Background(), manner{body: large(400 << 10)}); err != nil {
		return err
	}
	return s.limited("64KiB", "max_payload: 400KB")
}

func limitsRaised(s *stage) error {
	s.server.Stop()
	return errors.Join(s.limited("512KiB", ""), well(s))
}

// limited starts the NATS server and the relay with other limits.
func (s *stage) limited(maxBody, natsExtra string) error {
	s.config["http"].(settings)["max_body"], s.natsExtra = maxBody, natsExtra
	if err := s.configure(); err != nil {
		return err
	}
	s.relay.Stop()
	return errors.Join(s.startServer(), s.startRelay())
}

func keysBroken(s *stage) error { s.keys.broken.Store(true); return nil }

func keysBack(s *stage) error { s.keys.broken.Store(false); return well(s) }

// keyless is a relay without a key, and without a copy of one.
func keyless(s *stage) error {
	s.keys.broken.Store(true)
	s.relay.Stop()
	return errors.Join(os.RemoveAll(s.file("data/keys")), s.startRelay())
}

// keysStale is a relay that has not fetched the key for two days. That nobody waits for: the copy on its disk gets another date.
func keysStale(s *stage) error {
	s.keys.broken.Store(true)
	s.relay.Stop()
	copies, err := filepath.Glob(s.file("data/keys/*.json"))
	if err != nil || len(copies) != 1 {
		return fmt.Errorf("copies of the key: %v, %w", copies, err)
	}
	text, err := os.ReadFile(copies[0])
	if err != nil {
		return err
	}
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		return err
	}
	document["fetched"] = time.Now().Add(-48 * time.Hour)
	if text, err = json.Marshal(document); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(copies[0], text, 0o600), s.startRelay())
}

func ruleBroken(s *stage) error {
	s.config["subjects"] = settings{"rules": []any{settings{"match": settings{"type": "meeting.strted"}, "drop": true}}}
	return s.configure()
}

func ruleMended(s *stage) error {
	delete(s.config, "subjects")
	return s.configure()
}

// renewedFor replaces the certificate.
func renewedFor(holds time.Duration) func(*stage) error {
	return func(s *stage) error {
		_, err := makeCertificate(s.file("cert.pem"), s.file("cert-key.pem"), holds)
		return err
	}
}

// metricsOf are the values that a relay shows now, by series.
func metricsOf(admin string) (map[string]float64, error) {
	r, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	return parseSeries(r.Body)
}
