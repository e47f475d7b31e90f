package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

// world is a server over a real database and a folder of objects, with two schools in it.
type world struct {
	t      *testing.T
	db     *catalog.Catalog
	demo   *catalogtest.Demo
	rooms  *fakeRooms
	objs   *blob.Folder
	server *api.Server
	http   *httptest.Server
	logs   *safeBuffer

	mu  sync.Mutex
	now time.Time
}

// safeBuffer collects logs from any goroutine.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type fakeRooms struct {
	mu     sync.Mutex
	inside map[uuid.UUID][]uuid.UUID
	ended  []uuid.UUID
	// revoked are people.
	revoked []uuid.UUID
}

func (f *fakeRooms) Serve(w http.ResponseWriter, _ *http.Request, who signaling.Caller, lesson uuid.UUID) error {
	fmt.Fprintf(w, "socket of %s in %s", who.Person.ID, lesson)
	return nil
}

func (f *fakeRooms) Inside(lesson uuid.UUID) []uuid.UUID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.inside[lesson]
}

func (f *fakeRooms) EndSession(session uuid.UUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = append(f.ended, session)
}

func (f *fakeRooms) Revoke(person uuid.UUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revoked = append(f.revoked, person)
}

func (f *fakeRooms) AdmitDevice(context.Context, signaling.Device, func()) (*signaling.Guest, error) {
	return nil, signaling.ErrNotBegun
}

// fakeRecordings does with the rows what the recorder does.
type fakeRecordings struct{ db *catalog.Catalog }

func (f fakeRecordings) Delete(ctx context.Context, school, recording uuid.UUID) error {
	return f.db.In(ctx, school, func(tx *catalog.Tx) error { return tx.DeleteRecording(recording, time.Now()) })
}

func (f fakeRecordings) Key(track catalog.Track) (key [16]byte, err error) {
	copy(key[:], track.WrappedKey)
	return key, nil
}

var testFiles = fstest.MapFS{
	"index.html":         {Data: []byte("<!doctype html><title>client</title>" + strings.Repeat("<p>text", 300))},
	"assets/room-a1.js":  {Data: []byte(strings.Repeat("console.log(1);", 300))},
	"first.js":           {Data: []byte("1")},
	"assets/golos.woff2": {Data: bytes.Repeat([]byte{1, 2, 3}, 500)},
}

func newServer(t *testing.T, change func(*api.Config)) (*api.Server, *safeBuffer) {
	t.Helper()
	logs := &safeBuffer{}
	config := api.Config{
		Version: "test", Files: testFiles, PasswordCost: signin.Cost{KiB: 64, Passes: 1},
		Logger: slog.New(slog.NewJSONHandler(logs, nil)),
	}
	if change != nil {
		change(&config)
	}
	s, err := api.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s, logs
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, db: catalogtest.Open(t), now: time.Now(), rooms: &fakeRooms{inside: map[uuid.UUID][]uuid.UUID{}}}
	w.demo = catalogtest.School(t, w.db)
	var err error
	if w.objs, err = blob.NewFolder(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.objs.Close() })
	w.server, w.logs = newServer(t, func(c *api.Config) { c.Now = w.clock })
	w.server.Attach(api.Services{Catalog: w.db, Objects: w.objs, Rooms: w.rooms, Recordings: fakeRecordings{w.db}, MasterKeyBackup: "backup"})
	w.http = httptest.NewServer(w.server)
	t.Cleanup(w.http.Close)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) in(school catalog.School, do func(*catalog.Tx) error) {
	w.t.Helper()
	if err := w.db.In(w.t.Context(), school.ID, do); err != nil {
		w.t.Fatal(err)
	}
}

// session signs a person in behind the API's back and gives the cookie.
func (w *world) session(p catalog.Person) string {
	w.t.Helper()
	token, hash := signin.NewToken()
	now := w.clock()
	w.in(catalog.School{ID: p.SchoolID}, func(tx *catalog.Tx) error {
		return tx.AddSession(hash, catalog.Session{ID: uuid.New(), PersonID: p.ID, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour)})
	})
	return "__Host-zvonok=" + token
}

func (w *world) link(p catalog.Person, next string) string {
	w.t.Helper()
	token, hash := signin.NewToken()
	now := w.clock()
	w.in(catalog.School{ID: p.SchoolID}, func(tx *catalog.Tx) error {
		return tx.AddLink(hash, p.ID, next, now, now.Add(signin.LinkLife))
	})
	return token
}

func (w *world) setupLink() string {
	w.t.Helper()
	token, hash := signin.NewToken()
	if err := w.db.AddSetupLink(w.t.Context(), hash, w.clock(), w.clock().Add(signin.LinkLife)); err != nil {
		w.t.Fatal(err)
	}
	return token
}

// recorded is a recording of one segment whose bytes are in the store.
type recorded struct {
	lesson                    catalog.Lesson
	id, track, init, segment  uuid.UUID
	initBytes, body           []byte
	startedAt, endedAt        time.Time
	initObject, segmentObject string
}

func (w *world) record() recorded {
	w.t.Helper()
	r := recorded{
		lesson: w.demo.Lesson(w.t, w.db), id: uuid.New(), track: uuid.New(), init: uuid.New(), segment: uuid.New(),
		initBytes: []byte("ciphertext of the init"), body: bytes.Repeat([]byte("ciphertext of the segment "), 100),
	}
	r.endedAt = w.clock().UTC().Truncate(time.Microsecond)
	r.startedAt = r.endedAt.Add(-10 * time.Second)
	r.initObject, r.segmentObject = "test/"+r.init.String(), "test/"+r.segment.String()
	w.put(r.initObject, r.initBytes)
	w.put(r.segmentObject, r.body)
	sumInit, sum := sha256.Sum256(r.initBytes), sha256.Sum256(r.body)
	w.in(w.demo.School, func(tx *catalog.Tx) error {
		steps := []func() error{
			func() error {
				return tx.AddRecording(catalog.Recording{ID: r.id, LessonID: r.lesson.ID, ClassID: r.lesson.ClassID, StartedBy: w.demo.Teacher.ID, StartedAt: r.startedAt, Published: true})
			},
			func() error {
				return tx.AddTrack(catalog.Track{ID: r.track, RecordingID: r.id, PersonID: &w.demo.Teacher.ID, Source: "camera", Codec: "h264", WrappedKey: []byte("0123456789abcdef")})
			},
			func() error {
				return tx.AddInit(catalog.Init{ID: r.init, TrackID: r.track, Object: r.initObject, IV: make([]byte, 16), SHA256: sumInit[:], Bytes: int64(len(r.initBytes)), Codecs: "avc1.42e01f", Width: 640, Height: 360})
			},
			func() error {
				return tx.AddSegment(catalog.Segment{ID: r.segment, TrackID: r.track, InitID: r.init, DurationUS: 10e6, Independent: true, Object: r.segmentObject, IV: make([]byte, 16), SHA256: sum[:], Bytes: int64(len(r.body)), AnchorServer: r.startedAt})
			},
			func() error { return tx.AddStageSpan(r.id, catalog.StageSpan{TrackID: &r.track}) },
			func() error {
				return tx.AddEvent(r.id, catalog.Event{Seq: 1, AtUS: 2_500_000, Kind: "hand", PersonID: &w.demo.Students[0].ID})
			},
			func() error {
				return tx.AddEvent(r.id, catalog.Event{Seq: 2, AtUS: 4_000_000, Kind: "gap", Data: []byte(`{"to_us":5000000}`)})
			},
			func() error {
				_, err := tx.AddChat(catalog.ChatMessage{ID: uuid.New(), LessonID: r.lesson.ID, PersonID: w.demo.Students[0].ID, ClientID: uuid.NewString(), Text: "Здравствуйте!", SentAt: r.startedAt.Add(3 * time.Second)})
				return err
			},
			func() error { return tx.EndRecording(r.id, r.endedAt) },
			func() error { return tx.CompleteRecording(r.id, r.endedAt) },
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	return r
}

func (w *world) put(key string, body []byte) {
	w.t.Helper()
	sum := sha256.Sum256(body)
	if err := w.objs.Put(w.t.Context(), key, bytes.NewReader(body), int64(len(body)), sum[:]); err != nil {
		w.t.Fatal(err)
	}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) code() string {
	var p api.Problem
	_ = json.Unmarshal(a.body, &p)
	return p.Code
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

// cookie is the session that the answer sets, as a request sends it.
func (a answer) cookie() string {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == "__Host-zvonok" {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

// ask sends a request as the pages do. body nil sends none; headers are name, value, name, value.
func (w *world) ask(method, path, cookie string, body any, headers ...string) answer {
	w.t.Helper()
	return ask(w.t, w.http.URL, method, path, cookie, body, headers...)
}

func ask(t *testing.T, base, method, path, cookie string, body any, headers ...string) answer {
	t.Helper()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, base+path, content)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, got}
}

type object = map[string]any

var discard = slog.New(slog.DiscardHandler)

// readyAgain is longer than an answer of /readyz is remembered.
const readyAgain = 3 * time.Second
