package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/storage/blob"
)

// alone is a server whose database has not answered yet.
func alone(t *testing.T, change func(*api.Config)) (string, *safeBuffer) {
	t.Helper()
	s, logs := newServer(t, change)
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return h.URL, logs
}

// TestDatabaseAway: pages open, everything else says what is missing and when to try again.
func TestDatabaseAway(t *testing.T) {
	url, _ := alone(t, nil)
	cookie := "__Host-zvonok=" + strings.Repeat("A", 43)
	token := object{"token": strings.Repeat("A", 43)}
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/api/v1/me", nil}, {"GET", "/api/v1/today", nil}, {"POST", "/api/v1/session/link", token},
		{"POST", "/api/v1/session/password", object{"login": "a", "password": "b"}}, {"POST", "/api/v1/setup/look", token},
	} {
		got := ask(t, url, c.method, c.path, cookie, c.body)
		if got.status != 503 || got.code() != api.CodeDatabaseAway || got.header.Get("Retry-After") == "" {
			t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.body)
		}
	}
	if got := ask(t, url, "GET", "/", "", nil); got.status != 200 {
		t.Errorf("the start page: %d", got.status)
	}
	if got := ask(t, url, "GET", "/healthz", "", nil); got.status != 200 {
		t.Errorf("/healthz: %d", got.status)
	}
	var ready api.Ready
	got := ask(t, url, "GET", "/readyz", "", nil)
	got.into(t, &ready)
	if got.status != 503 || ready.Database != "away" || ready.Ready {
		t.Errorf("/readyz: %d %s", got.status, got.body)
	}
}

// TestDatabaseLostLater: a database that goes away in the middle of the day is said to be away.
func TestDatabaseLostLater(t *testing.T) {
	w := newWorld(t)
	cookie := w.session(w.demo.Teacher)
	if got := w.ask("GET", "/readyz", "", nil); got.status != 200 {
		t.Fatalf("/readyz: %d %s", got.status, got.body)
	}
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	got := w.ask("GET", "/api/v1/me", cookie, nil)
	if got.status != 503 || got.code() != api.CodeDatabaseAway {
		t.Errorf("without database: %d %s", got.status, got.body)
	}
	w.pass(readyAgain)
	if got := w.ask("GET", "/readyz", "", nil); got.status != 503 || !strings.Contains(string(got.body), `"database":"away"`) {
		t.Errorf("/readyz: %d %s", got.status, got.body)
	}
}

// brokenStore is an object store behind a cut cable.
type brokenStore struct{ blob.Store }

func (brokenStore) Get(context.Context, string, int64, int64) (io.ReadCloser, error) {
	return nil, errors.New("dial tcp 10.0.0.9:443: no route to host")
}

func (brokenStore) List(context.Context, string, string, int) ([]blob.Info, error) {
	return nil, errors.New("dial tcp 10.0.0.9:443: no route to host")
}

// TestObjectStoreAway: segments say what is missing, everything else goes on.
func TestObjectStoreAway(t *testing.T) {
	w := newWorld(t)
	r, student := w.record(), w.session(w.demo.Students[0])
	w.server.Attach(api.Services{Catalog: w.db, Objects: brokenStore{w.objs}, Rooms: w.rooms, Recordings: fakeRecordings{w.db}})
	at := "/api/v1/recordings/" + r.id.String()
	got := w.ask("GET", at+"/segments/"+r.segment.String()+".m4s", student, nil)
	if got.status != 503 || got.code() != api.CodeStorageAway || got.header.Get("Retry-After") == "" || strings.Contains(string(got.body), "10.0.0.9") {
		t.Errorf("segment: %d %s", got.status, got.body)
	}
	for _, path := range []string{at, at + "/master.m3u8", "/api/v1/today"} {
		if got := w.ask("GET", path, student, nil); got.status != 200 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := w.ask("GET", "/readyz", "", nil); got.status != 503 || !strings.Contains(string(got.body), `"database":"ok","objects":"away"`) {
		t.Errorf("/readyz: %d %s", got.status, got.body)
	}
}

func TestPages(t *testing.T) {
	url, _ := alone(t, nil)
	for _, c := range []struct {
		path   string
		status int
		cache  string
		body   string
	}{
		{"/", 200, "no-cache", "client"},
		{"/replay/0199", 200, "no-cache", "client"},
		{"/index.html", 200, "no-cache", "client"},
		{"/l/secret.token", 200, "no-store", "client"},
		{"/setup/secret", 200, "no-store", "client"},
		{"/assets/room-a1.js", 200, "public, max-age=31536000, immutable", "console"},
		{"/first.js", 200, "public, max-age=3600", "1"},
		{"/assets/gone-b2.js", 404, "no-store", "not_found"},
		{"/../../etc/passwd.txt", 404, "no-store", "not_found"},
		{"/api/v1/nothing", 404, "no-store", "not_found"},
		{"/api/", 404, "no-store", "not_found"},
	} {
		got := ask(t, url, "GET", c.path, "", nil)
		if got.status != c.status || got.header.Get("Cache-Control") != c.cache || !strings.Contains(string(got.body), c.body) {
			t.Errorf("%s: %d, %q, %.60s", c.path, got.status, got.header.Get("Cache-Control"), got.body)
		}
	}
	packed := ask(t, url, "GET", "/assets/room-a1.js", "", nil, "Accept-Encoding", "gzip")
	r, err := gzip.NewReader(bytes.NewReader(packed.body))
	if err != nil {
		t.Fatalf("%v; %v", err, packed.header)
	}
	if text, err := io.ReadAll(r); err != nil || !strings.HasPrefix(string(text), "console.log") {
		t.Errorf("compressed: %.40s %v", text, err)
	}
	if got := ask(t, url, "GET", "/assets/golos.woff2", "", nil, "Accept-Encoding", "gzip"); got.header.Get("Content-Encoding") != "" || got.header.Get("Content-Type") != "font/woff2" {
		t.Errorf("font: %v", got.header)
	}
	if got := ask(t, url, "POST", "/", "", nil); got.status != 405 || got.code() != api.CodeMethod {
		t.Errorf("POST /: %d %s", got.status, got.body)
	}
}

func TestWithoutClient(t *testing.T) {
	url, _ := alone(t, func(c *api.Config) { c.Files = nil })
	if got := ask(t, url, "GET", "/", "", nil); got.status != 200 || !strings.Contains(string(got.body), "npm run build") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	url, _ := alone(t, nil)
	for _, path := range []string{"/", "/api/v1/me", "/assets/room-a1.js", "/nothing.js", "/healthz"} {
		h := ask(t, url, "GET", path, "", nil).header
		policy := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "worker-src 'self' blob:", "media-src 'self' blob:", "connect-src 'self' ws://127.0.0.1:", "frame-ancestors 'none'", "object-src 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy lacks %s: %s", path, want, policy)
			}
		}
		if strings.Contains(policy, "http:") || strings.Contains(policy, "https:") || strings.Contains(policy, "script-src 'self' ") {
			t.Errorf("%s: policy lets others in: %s", path, policy)
		}
		for name, want := range map[string]string{
			"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if p := h.Get("Permissions-Policy"); !strings.Contains(p, "camera=(self), microphone=(self), display-capture=(self)") {
			t.Errorf("%s: Permissions-Policy is %q", path, p)
		}
		if h.Get("X-Request-Id") == "" || h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestBadRequests(t *testing.T) {
	url, logs := alone(t, nil)
	raw := func(kind, body string) answer {
		r, err := http.NewRequestWithContext(t.Context(), "POST", url+"/api/v1/session/password", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close() //nolint:errcheck // read to its end
		text, _ := io.ReadAll(response.Body)
		return answer{response.StatusCode, response.Header, text}
	}
	for _, c := range []struct {
		name, kind, body string
		status           int
		code             string
	}{
		{"a form", "application/x-www-form-urlencoded", "login=a&password=b", 415, api.CodeBadRequest},
		{"text", "text/plain", `{"login":"a","password":"b"}`, 415, api.CodeBadRequest},
		{"half of it", "application/json", `{"login":"a"`, 400, api.CodeBadRequest},
		{"nothing", "application/json", "", 400, api.CodeBadRequest},
		{"a list", "application/json", "[]", 422, api.CodeInvalid},
		{"a field missing", "application/json", `{"login":"a"}`, 422, api.CodeInvalid},
		{"a field too many", "application/json", `{"login":"a","password":"hunter2","role":"admin"}`, 422, api.CodeInvalid},
		{"a wrong type", "application/json", `{"login":"a","password":12345}`, 422, api.CodeInvalid},
		{"too much", "application/json", `{"login":"` + strings.Repeat("a", 100_000) + `","password":"b"}`, 413, api.CodeTooLarge},
	} {
		got := raw(c.kind, c.body)
		if got.status != c.status || got.code() != c.code {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
		if strings.Contains(string(got.body), "hunter2") || strings.Contains(string(got.body), "12345") || strings.Contains(logs.String(), "hunter2") {
			t.Errorf("%s: the password comes back", c.name)
		}
	}
}

// TestPlainHTTPIsForThisMachine sends requests as they come from a socket with these addresses.
func TestPlainHTTPIsForThisMachine(t *testing.T) {
	s, _ := newServer(t, func(c *api.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		c.PublicURL = "https://lessons.example"
	})
	for _, c := range []struct {
		name, peer, proto string
		want              int
		hsts              bool
	}{
		{"this machine", "127.0.0.1:5000", "", 200, false},
		{"this machine, IPv6", "[::1]:5000", "", 200, false},
		{"the network", "192.168.1.7:5000", "", 403, false},
		{"the network, claiming https", "192.168.1.7:5000", "https", 403, false},
		{"the proxy", "10.1.2.3:5000", "https", 200, true},
		{"the proxy, mapped", "[::ffff:10.1.2.3]:5000", "https", 200, true},
		{"the proxy without https", "10.1.2.3:5000", "http", 403, false},
	} {
		r := httptest.NewRequest("GET", "/healthz", nil)
		r.RemoteAddr = c.peer
		if c.proto != "" {
			r.Header.Set("X-Forwarded-Proto", c.proto)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.want || (w.Header().Get("Strict-Transport-Security") != "") != c.hsts {
			t.Errorf("%s: %d %v", c.name, w.Code, w.Header())
		}
	}
}

func TestMetricsAreNotForStrangers(t *testing.T) {
	w := newWorld(t)
	w.ask("GET", "/healthz", "", nil)
	if got := w.ask("GET", "/metrics", "", nil); got.status != 200 || !strings.Contains(string(got.body), "zvonok_http_requests_total") {
		t.Errorf("from this machine: %d", got.status)
	}
	// A proxy on this machine that nobody configured still says for whom it asks.
	for cookie, want := range map[string]int{"": 401, w.session(w.demo.Teacher): 403, w.session(w.demo.Admin): 200} {
		if got := w.ask("GET", "/metrics", cookie, nil, "X-Forwarded-For", "203.0.113.9"); got.status != want {
			t.Errorf("through a proxy: %d, want %d", got.status, want)
		}
	}
}

func TestFigures(t *testing.T) {
	url, _ := alone(t, func(c *api.Config) {
		c.Figures = func() []api.Figure {
			return []api.Figure{
				{Name: "zvonok_rooms", Help: "Open rooms.", Value: 3},
				{Name: "zvonok_packets_dropped_total", Help: "Lost.", Counter: true, Value: 7, Labels: map[string]string{"reason": "stale"}},
			}
		}
	})
	text := string(ask(t, url, "GET", "/metrics", "", nil).body)
	for _, want := range []string{"zvonok_rooms 3", `zvonok_packets_dropped_total{reason="stale"} 7`, "# TYPE zvonok_packets_dropped_total counter"} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

// TestSocketUpgrades takes the WebSocket's upgrade through every layer of the server, to the real signaling.
func TestSocketUpgrades(t *testing.T) {
	w := newWorld(t)
	rooms, err := signaling.New(signaling.Config{Catalog: w.db, Media: func(media.RoomID, sfu.Events) (sfu.Conference, error) { return nil, io.EOF }})
	if err != nil {
		t.Fatal(err)
	}
	w.server.Attach(api.Services{Catalog: w.db, Objects: w.objs, Rooms: rooms, Recordings: fakeRecordings{w.db}})
	r, err := http.NewRequestWithContext(t.Context(), "GET", w.http.URL+"/api/v1/lessons/"+w.demo.Lesson(t, w.db).ID.String()+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Cookie": w.session(w.demo.Students[0]), "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "zvonok.v1", "Origin": w.http.URL,
	} {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusSwitchingProtocols || response.Header.Get("Sec-WebSocket-Protocol") != "zvonok.v1" {
		t.Errorf("%s %v", response.Status, response.Header)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if err := rooms.Close(); err != nil {
		t.Error(err)
	}
}

// TestEveryCodeIsInTheDocument: the client translates the codes that the OpenAPI document lists.
func TestEveryCodeIsInTheDocument(t *testing.T) {
	field, _ := reflect.TypeFor[api.Problem]().FieldByName("Code")
	listed := strings.Split(field.Tag.Get("enum"), ",")
	if !slices.IsSorted(listed) {
		t.Error("the list is not sorted")
	}
	for _, code := range api.Codes {
		if !slices.Contains(listed, code) {
			t.Errorf("%s is not listed", code)
		}
	}
	if len(listed) != len(api.Codes) {
		t.Errorf("%d listed, %d codes", len(listed), len(api.Codes))
	}
}

func TestBadConfiguration(t *testing.T) {
	for _, url := range []string{"lessons.example", "https://", "ftp://x", "https://x/path", "https://x?q", "https://u:p@x"} {
		if _, err := api.New(api.Config{PublicURL: url, Logger: discard}); err == nil {
			t.Errorf("public URL %q was accepted", url)
		}
	}
	if _, err := api.New(api.Config{}); err == nil {
		t.Error("no logger was accepted")
	}
}
