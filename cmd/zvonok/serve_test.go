package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

// running is a whole server in this process, on ports of its own.
type running struct {
	t      *testing.T
	dir    string
	ready  greeting
	output *lines
	stop   context.CancelFunc
	ended  chan error
}

// lines collects what the server prints and hands over the line of JSON.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
	json chan string
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if bytes.HasPrefix(p, []byte("{")) {
		l.json <- string(p)
	}
	return len(p), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

const startTime = time.Minute

// launch starts a server in dir on the database of the URL; wait false returns before it is ready.
func launch(t *testing.T, dir, url string, args ...string) *running {
	t.Helper()
	args = append([]string{"--data", dir, "--listen", "127.0.0.1:0", "--https-listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--json"}, args...)
	s, err := readSettings(map[string]string{"ZVONOK_DATABASE_URL": url}, args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{t: t, dir: dir, output: &lines{json: make(chan string, 1)}, stop: stop, ended: make(chan error, 1)}
	go func() { r.ended <- serve(ctx, s, r.output, io.Discard) }()
	t.Cleanup(r.end)
	select {
	case line := <-r.output.json:
		if err := json.Unmarshal([]byte(line), &r.ready); err != nil {
			t.Fatal(err)
		}
	case err := <-r.ended:
		r.ended <- err
		t.Fatalf("the server ended: %v\n%s", err, r.output)
	case <-time.After(startTime):
		t.Fatalf("not ready after %v:\n%s", startTime, r.output)
	}
	return r
}

// end stops the server and wants it to end in order.
func (r *running) end() {
	r.t.Helper()
	r.stop()
	select {
	case err := <-r.ended:
		if err != nil {
			r.t.Errorf("ended with %v", err)
		}
		r.ended <- nil // for whoever asks again
	case <-time.After(startTime):
		r.t.Fatal("does not end")
	}
}

func (r *running) post(path string, body any, into any) (*http.Response, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	response, err := http.Post(r.ready.URL+path, "application/json", bytes.NewReader(text)) //nolint:noctx // a test's
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // read below
	if into != nil {
		return response, json.NewDecoder(response.Body).Decode(into)
	}
	return response, nil
}

func (r *running) signIn(url string) int {
	r.t.Helper()
	_, token, _ := strings.Cut(url, "/l/")
	response, err := r.post("/api/v1/session/link", map[string]string{"token": token}, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return response.StatusCode
}

func TestDemo(t *testing.T) {
	dir, url := t.TempDir(), catalogtest.URL(t)
	first := launch(t, dir, url, "--demo")
	roles := map[string]int{}
	for _, l := range first.ready.Links {
		roles[l.Role+l.Class]++
		if !strings.HasPrefix(l.URL, first.ready.URL+"/l/") {
			t.Errorf("link %s", l.URL)
		}
		if !strings.Contains(first.output.String(), l.URL) {
			t.Errorf("the link of %s is not printed", l.Name)
		}
	}
	if roles["admin"] != 1 || roles["teacher7Б"] != 1 || roles["student7Б"] != 4 || roles["student8А"] != 1 || first.ready.Setup != nil || first.ready.Lesson == nil {
		t.Errorf("%v, %+v", roles, first.ready)
	}
	if got := first.signIn(first.ready.Links[1].URL); got != 200 {
		t.Errorf("signing in by the teacher's link: %d", got)
	}
	first.httpsWorks()
	first.end()

	// The same school at the next start, with fresh links.
	second := launch(t, dir, url, "--demo")
	if second.ready.Lesson.ID != first.ready.Lesson.ID || len(second.ready.Links) != len(first.ready.Links) {
		t.Errorf("another school: %+v", second.ready)
	}
	if got := second.signIn(second.ready.Links[1].URL); got != 200 {
		t.Errorf("signing in by a fresh link: %d", got)
	}
	if got := second.signIn(first.ready.Links[1].URL); got != 404 {
		t.Errorf("signing in by the used link: %d", got)
	}
}

// httpsWorks asks over https with a client that trusts the certificate kept in the data folder alone.
func (r *running) httpsWorks() {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "tls", "cert.pem"))
	if err != nil {
		r.t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(text)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	response, err := client.Get(r.ready.HTTPS + "/readyz") //nolint:noctx // a test's
	if err != nil {
		r.t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != 200 {
		r.t.Errorf("/readyz over https: %s", response.Status)
	}
	if !strings.Contains(r.output.String(), "SHA-256 fingerprint") || !strings.Contains(r.output.String(), "Advanced") {
		r.t.Error("it is not said what to click")
	}
}

func TestFirstStart(t *testing.T) {
	dir, url := t.TempDir(), catalogtest.URL(t)
	r := launch(t, dir, url)
	if r.ready.Setup == nil || !strings.Contains(r.output.String(), *r.ready.Setup) || len(r.ready.Links) != 0 {
		t.Fatalf("%+v", r.ready)
	}
	_, token, _ := strings.Cut(*r.ready.Setup, "/setup/")
	var done struct{ MasterKeyBackup string }
	response, err := r.post("/api/v1/setup", map[string]string{
		"token": token, "school": "Школа 9", "timeZone": "Europe/Samara", "name": "Директор", "login": "director", "password": "correct horse",
	}, &done)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%v %v", response, err)
	}
	key, err := os.ReadFile(filepath.Join(dir, "master.key"))
	if err != nil || strings.TrimSpace(string(key)) != done.MasterKeyBackup {
		t.Errorf("the backup is not the key: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "master.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v %v", info.Mode(), err)
	}
	r.end()
	if again := launch(t, dir, url); again.ready.Setup != nil {
		t.Error("a set-up link although there is a school")
	}
}

// TestRescue: whoever reads the disk gets a link for an administrator, and for nobody else, while the server runs.
func TestRescue(t *testing.T) {
	dir, url := t.TempDir(), catalogtest.URL(t)
	empty := launch(t, dir, url)
	if _, err := askServer(t.Context(), dir, rescueRequest{}); err == nil || !strings.Contains(err.Error(), "no administrator yet") {
		t.Errorf("without a school: %v", err)
	}
	empty.end()
	r := launch(t, dir, url, "--demo")
	answer, err := askServer(t.Context(), dir, rescueRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.signIn(answer.URL); got != 200 || answer.Name != r.ready.Links[0].Name {
		t.Errorf("the link of %s: %d", answer.Name, got)
	}
	if _, err := askServer(t.Context(), dir, rescueRequest{Login: "nobody"}); err == nil {
		t.Error("an unknown login was accepted")
	}
	if _, err := askServer(t.Context(), dir, rescueRequest{PasswordHash: "x"}); err == nil || !strings.Contains(err.Error(), "no login") {
		t.Errorf("a password for somebody without a login: %v", err)
	}
	if info, err := os.Stat(filepath.Dir(controlPath(dir))); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's folder: %v %v", info.Mode(), err)
	}
	r.end()
	if _, err := askServer(t.Context(), dir, rescueRequest{}); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("after the server's end: %v", err)
	}
}

// TestRescueByPassword sets one for the only administrator, which ends their sessions.
func TestRescueByPassword(t *testing.T) {
	url := catalogtest.URL(t)
	db, err := catalog.Open(t.Context(), catalog.Config{URL: url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test's
	now := time.Now().UTC()
	admin := catalog.NewPerson{ID: uuid.New(), Name: "Директор", Role: "admin", Login: "director"}
	school := catalog.School{ID: uuid.New(), Name: "Школа 9", TimeZone: "Europe/Samara"}
	if err := db.CreateSchool(t.Context(), nil, school, admin, now); err != nil {
		t.Fatal(err)
	}
	answer, err := rescue(t.Context(), db, "http://x", rescueRequest{Login: "Director", PasswordHash: "hash"}, now)
	if err != nil || answer.Login != "director" || answer.URL != "" {
		t.Fatalf("%+v %v", answer, err)
	}
	if _, hash, err := db.PersonByLogin(t.Context(), "director"); err != nil || hash != "hash" {
		t.Errorf("stored %q, %v", hash, err)
	}
}

// TestWhileWaiting: a healthy first start is not called a silent database.
func TestWhileWaiting(t *testing.T) {
	used := t.TempDir()
	if err := os.Mkdir(filepath.Join(used, "postgres"), 0o700); err != nil {
		t.Fatal(err)
	}
	for want, s := range map[string]settings{
		"Preparing the database": {Data: t.TempDir()},
		"still starting":         {Data: used},
		"ZVONOK_DATABASE_URL":    {Data: t.TempDir(), DatabaseURL: "postgres://x"},
	} {
		after, text := whileWaiting(s)
		if !strings.Contains(text, want) || (after == 0) != (want == "Preparing the database") {
			t.Errorf("%s: after %v %q", want, after, text)
		}
	}
}

// TestDatabaseComesLater: pages are served, the state is told, and a stop is obeyed while there is no database.
func TestDatabaseComesLater(t *testing.T) {
	args := []string{"--data", t.TempDir(), "--listen", "127.0.0.1:0", "--https-listen", "", "--media-listen", "127.0.0.1:0"}
	s, err := readSettings(map[string]string{"ZVONOK_DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	srv := &server{settings: s, out: io.Discard, log: slog.New(slog.DiscardHandler)}
	if err := srv.bind(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	srv.web.serve(srv.api, cancel)
	starting := make(chan error, 1)
	go func() { starting <- srv.start(ctx) }()
	response, err := http.Get(srv.web.plainURL() + "/readyz") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if response.StatusCode != 503 || !strings.Contains(string(text), `"database":"away"`) {
		t.Errorf("/readyz: %d %s", response.StatusCode, text)
	}
	cancel(nil)
	select {
	case err := <-starting:
		if err == nil {
			t.Error("started without a database")
		}
	case <-time.After(startTime):
		t.Fatal("does not stop while the database is away")
	}
	if err := srv.stop(); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
