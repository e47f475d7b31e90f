package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/zvonok/zvonok/storage/catalog"
)

// The control socket lets `zvonok admin` ask a server that runs: only one process can have the embedded database. Its
// folder opens to the server's own user alone, and that is the whole check: who can open it can read the disk anyway.

const (
	controlTime = 30 * time.Second
	maxControl  = 4 << 10
)

func controlPath(data string) string { return filepath.Join(data, "control", "socket") }

// control is the server's end.
type control struct {
	http *http.Server
	done chan struct{}
}

func openControl(ctx context.Context, data string, db *catalog.Catalog, base string) (*control, error) {
	path := controlPath(data)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// What a killed server left: the lock on the data folder says that nobody listens on it.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	c := &control{done: make(chan struct{}), http: &http.Server{
		Handler: answerRescue(db, base), ReadTimeout: controlTime, WriteTimeout: controlTime, MaxHeaderBytes: maxControl,
	}}
	go func() {
		defer close(c.done)
		_ = c.http.Serve(listener) // ends with Close
	}()
	return c, nil
}

func (c *control) close() error {
	err := c.http.Close()
	<-c.done
	return err
}

func answerRescue(db *catalog.Catalog, base string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var ask rescueRequest
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl)).Decode(&ask); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := rescue(r.Context(), db, base, ask, time.Now().UTC())
		if err != nil {
			answer = rescueAnswer{Failure: err.Error()}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			return // whoever asked went away
		}
	}
}

// askServer is the other end.
func askServer(ctx context.Context, data string, ask rescueRequest) (rescueAnswer, error) {
	text, err := json.Marshal(ask)
	if err != nil {
		return rescueAnswer{}, err
	}
	client := http.Client{Timeout: controlTime, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", controlPath(data))
		},
	}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://zvonok/", bytes.NewReader(text))
	if err != nil {
		return rescueAnswer{}, err
	}
	response, err := client.Do(r)
	if err != nil {
		return rescueAnswer{}, fmt.Errorf("a server runs in %s but does not answer (is its database up?): %w", data, err)
	}
	defer response.Body.Close() //nolint:errcheck // read below
	var answer rescueAnswer
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return answer, fmt.Errorf("ask the server: %w", err)
	}
	if answer.Failure != "" {
		return answer, errors.New(answer.Failure)
	}
	return answer, nil
}
