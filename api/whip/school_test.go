package whip_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/signaling/signalingtest"
	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

// school is a whole server but for the recorder: a database, rooms, media and the API over them.
type school struct {
	t      *testing.T
	db     *catalog.Catalog
	demo   *catalogtest.Demo
	lesson catalog.Lesson
	url    string
	media  *sfu.Server

	mu     sync.Mutex
	ahead  time.Duration
	logged bytes.Buffer
}

// Write keeps the log.
func (s *school) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logged.Write(line)
}

func (s *school) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

func (s *school) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

type recordings struct{}

func (recordings) Delete(context.Context, uuid.UUID, uuid.UUID) error { return nil }
func (recordings) Key(catalog.Track) ([16]byte, error)                { return [16]byte{}, nil }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newSchool(t *testing.T) *school {
	t.Helper()
	s := &school{t: t, db: catalogtest.Open(t)}
	s.demo = catalogtest.School(t, s.db)
	s.lesson = s.demo.Lesson(t, s.db)
	log := slog.New(slog.NewJSONHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	s.media, err = sfu.NewServer(sfu.Config{Listen: "127.0.0.1:0", TCP: true, Logger: log})
	must(t, err)
	rooms, err := signaling.New(signaling.Config{Catalog: s.db, Logger: log, Clock: s.now, Media: func(id media.RoomID, ev sfu.Events) (sfu.Conference, error) {
		return s.media.OpenRoom(id, ev)
	}})
	must(t, err)
	objects, err := blob.NewFolder(t.TempDir())
	must(t, err)
	server, err := api.New(api.Config{Version: "test", Logger: log, Now: s.now})
	must(t, err)
	server.Attach(api.Services{
		Catalog: s.db, Objects: objects, Rooms: rooms, Recordings: recordings{},
		Relays: func(uuid.UUID, string) []signaling.ICEServer {
			return []signaling.ICEServer{{URLs: []string{"turn:127.0.0.1:9?transport=udp"}, Username: "u", Credential: "c"}}
		},
	})
	web := httptest.NewServer(server)
	s.url = web.URL
	t.Cleanup(func() {
		must(t, rooms.Close())
		web.Close()
		must(t, s.media.Close())
		must(t, objects.Close())
	})
	return s
}

// cookie signs somebody in.
func (s *school) cookie(p catalog.Person) string {
	s.t.Helper()
	token, hash := signin.NewToken()
	must(s.t, s.db.In(s.t.Context(), p.SchoolID, func(tx *catalog.Tx) error {
		return tx.AddSession(hash, catalog.Session{ID: uuid.New(), PersonID: p.ID, CreatedAt: s.now(), SeenAt: s.now(), ExpiresAt: s.now().Add(24 * time.Hour)})
	}))
	return "__Host-zvonok=" + token
}

// ask is a request of the pages.
func (s *school) ask(method, path, body, cookie string) answer {
	s.t.Helper()
	return request(s.t, method, s.url+"/api/v1"+path, "", body, "Cookie", cookie, "Content-Type", "application/json")
}

// door makes one as the teacher does.
func (s *school) door(kind string) api.DoorMade {
	s.t.Helper()
	a := s.ask(http.MethodPost, "/lessons/"+s.lesson.ID.String()+"/doors", `{"name":"Пульт","kind":"`+kind+`","minutes":60}`, s.cookie(s.demo.Teacher))
	var made api.DoorMade
	if err := json.Unmarshal([]byte(a.body), &made); err != nil || a.status != http.StatusCreated {
		s.t.Fatalf("%d %s", a.status, a.body)
	}
	return made
}

// person is somebody inside, without media.
type person struct {
	*signalingtest.Client
	s    *school
	seen int
}

func (s *school) join(p catalog.Person) *person {
	s.t.Helper()
	client, err := signalingtest.Dial(s.t.Context(), "ws"+strings.TrimPrefix(s.url, "http")+"/api/v1/lessons/"+s.lesson.ID.String()+"/ws", http.Header{"Cookie": {s.cookie(p)}})
	must(s.t, err)
	s.t.Cleanup(func() { _ = client.Close() }) // closed by the server or by us
	_, err = signalingtest.Request[signaling.Welcome](s.t.Context(), client, "hello", signaling.Hello{
		Protocol: signaling.Protocol, Client: "test", Device: "device-" + p.ID.String(),
		Capabilities: signaling.Capabilities{Decode: []signaling.Decoder{{Codec: "vp8"}, {Codec: "h264"}}, Encode: []string{"h264"}},
	})
	must(s.t, err)
	return &person{Client: client, s: s}
}

func (p *person) do(name string, message any) {
	p.s.t.Helper()
	_, err := signalingtest.Request[signaling.Done](p.s.t.Context(), p.Client, name, message)
	must(p.s.t, err)
}

// sees waits for an event.
func sees[M any](p *person, name string, match func(M) bool) M {
	p.s.t.Helper()
	ctx, cancel := context.WithTimeout(p.s.t.Context(), 20*time.Second)
	defer cancel()
	var found M
	_, next, err := p.Await(ctx, p.seen, func(e signalingtest.Event) bool {
		if e.Name != name {
			return false
		}
		m, err := signalingtest.Decode[M](e)
		must(p.s.t, err)
		found = m
		return match(m)
	})
	if err != nil {
		p.s.t.Fatalf("%s: %v in %v", name, err, p.Events())
	}
	p.seen = next
	return found
}

// camera lets a device in that sends.
func (s *school) camera(made api.DoorMade) *device {
	s.t.Helper()
	d := newDevice(s.t, made.Token)
	f := d.publishes(webrtc.MimeTypeVP8, webrtc.MimeTypeOpus)
	d.post(made.URL)
	d.roll(f)
	return d
}
