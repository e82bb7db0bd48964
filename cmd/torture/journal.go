package main

import (
	"encoding/json"
	"os"
	"sync"
	"time"
)

// event is one webhook, and what was answered to each time that it was sent.
type event struct {
	// Marker is in the payload, and nowhere twice: meeting and number.
	Marker     string
	Meeting, N int
	Attempts   []attempt
	// Taken says that the last attempt was answered with 200, Relay by whom.
	Taken bool
	Relay string
}

// attempt is one time that a webhook was sent. Without a status there was no answer.
type attempt struct {
	At     time.Time
	Took   time.Duration
	Status int    `json:",omitempty"`
	Queued bool   `json:",omitempty"`
	Relay  string `json:",omitempty"`
	Error  string `json:",omitempty"`
}

// journal keeps what was answered, here and in a file.
type journal struct {
	mu   sync.Mutex
	file *os.File
	all  []event
	err  error
}

func openJournal(name string) (*journal, error) {
	f, err := os.Create(name)
	return &journal{file: f}, err
}

func (j *journal) add(e *event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, *e)
	if err := json.NewEncoder(j.file).Encode(e); err != nil && j.err == nil {
		j.err = err
	}
}

func (j *journal) events() []event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all
}

func (j *journal) close() error {
	if err := j.file.Close(); err != nil {
		return err
	}
	return j.err
}
