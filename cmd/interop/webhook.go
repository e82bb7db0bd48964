package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"
)

// registration is the id of the webhook's registration at the provider.
const registration = "reg-0001"

// sending is one webhook, and what the relay answered.
type sending struct {
	body string
	// delivery is its id at the provider.
	delivery string
	// before and after are when it was sent and when the answer came.
	before, after time.Time
	answer        answer
	want          want
}

// answer is the relay's answer to a webhook.
type answer struct {
	Sequence     uint64 `json:"sequence"`
	Duplicate    bool   `json:"duplicate"`
	DeadLettered bool   `json:"deadLettered"`
	Reason       string `json:"reason"`
}

// sendSamples has meetbus trigger send one of each webhook that the catalogue knows.
func (r *rig) sendSamples(ctx context.Context) error {
	return runs(ctx, []string{filepath.Join(r.programs, "meetbus"), "trigger", "--all", "--url", r.front, "--key", r.keyFile})
}

// sendCases sends the webhooks of each case, and returns them by the case's name.
func (r *rig) sendCases(ctx context.Context, cases []content) (map[string][]sending, error) {
	sent := map[string][]sending{}
	for _, c := range cases {
		for _, w := range c.webhooks() {
			if err := r.send(ctx, &w); err != nil {
				return nil, fmt.Errorf("webhook %s: %w", w.delivery, err)
			}
			sent[c.name] = append(sent[c.name], w)
		}
	}
	return sent, nil
}

// send sends a webhook as Dyte does. It is an error if the relay does not take it as something new.
func (r *rig) send(ctx context.Context, w *sending) error {
	signature, err := sign(r.key, []byte(w.body))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.front+"/webhooks/dyte", bytes.NewReader([]byte(w.body)))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"dyte-uuid": w.delivery, "dyte-webhook-id": registration, "dyte-signature": signature, "content-type": "application/json",
	} {
		request.Header.Set(name, value)
	}
	w.before = time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	w.after = time.Now()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the relay answered %s: %s", response.Status, text)
	}
	if err := json.Unmarshal(text, &w.answer); err != nil || w.answer.Duplicate {
		return fmt.Errorf("the relay answered %s", text)
	}
	return nil
}

// sign signs as all providers do.
func sign(key *rsa.PrivateKey, body []byte) (string, error) {
	digest := sha256.Sum256(body)
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	return base64.StdEncoding.EncodeToString(signature), err
}
