package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestOpenDoorsAreForThisMachine(t *testing.T) {
	for _, args := range [][]string{
		{"--open", "--listen", "0.0.0.0:0"}, {"--open", "--listen", ":0"}, {"--open", "--listen", "[::]:0"},
		{"--open", "--listen", "192.0.2.2:0"}, {"--open", "--listen", "example.com:0"}, {"--open", "--media-listen", ":0"},
		{"--open", "--listen", "127.0.0.1"}, {"--listen", "127.0.0.1:0"}, {"--open", "more"},
	} {
		var out strings.Builder
		if err := openDoors(t.Context(), args, &out, io.Discard); err == nil || out.Len() > 0 {
			t.Errorf("%v: %v, said %q", args, err, out.String())
		}
	}
}

func TestOpenDoorsSayWhereTheyAre(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- openDoors(ctx, []string{"--open", "--listen", "127.0.0.1:0"}, write, io.Discard)
		_ = write.Close()
	}()
	lines := bufio.NewScanner(read)
	if !lines.Scan() {
		t.Fatal("said nothing")
	}
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(lines.Text())
	for _, path := range []string{"/healthz", "/metrics"} {
		r, err := http.Get(url + path) //nolint:noctx // ends with the server
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK || path == "/metrics" && !strings.Contains(string(body), "zvonok_subscribe_transports 0") {
			t.Errorf("%s: %d %v", path, r.StatusCode, err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "rebound.example"
	if a, err := http.DefaultClient.Do(r); err != nil || a.StatusCode != http.StatusForbidden {
		t.Errorf("a page that points its name here: %v %v", a, err)
	} else {
		_ = a.Body.Close()
	}
	cancel()
	if lines.Scan() {
		t.Errorf("said more: %q", lines.Text())
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
