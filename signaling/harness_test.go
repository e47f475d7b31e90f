package signaling_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/signaling/signalingtest"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

// patience bounds every wait of a test; none is expected to last.
const patience = 20 * time.Second

// TestMain fails when goroutines of ours are left over after all tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftGoroutines(); code == 0 && left != "" {
		fmt.Fprintln(os.Stderr, "goroutines left behind:\n"+left)
		code = 1
	}
	os.Exit(code)
}

// leftGoroutines waits for ours and the media's to end and gives the stacks of those that do not.
func leftGoroutines() string {
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		buf := make([]byte, 4<<20)
		var left []string
		for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			ours := strings.Contains(stack, "zvonok/zvonok/") || strings.Contains(stack, "pion/")
			// The shared cluster of catalogtest lives as long as the process.
			if ours && !strings.Contains(stack, "leftGoroutines") && !strings.Contains(stack, "cluster.(*Cluster).run") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return ""
		}
		if time.Now().After(deadline) {
			return strings.Join(left, "\n\n")
		}
	}
}

// clock is wall time under the test's control.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// school is a server with one school: two teachers, an admin, students of the class, and strangers.
type school struct {
	t        *testing.T
	server   *signaling.Server
	http     *httptest.Server
	clock    *clock
	media    *fakeMedia // nil with the real one
	recorder *fakeRecorder
	cfg      signaling.Config

	id      uuid.UUID
	class   uuid.UUID
	lesson  uuid.UUID
	people  map[string]catalog.Person
	session uuid.UUID
}

type option func(*school)

func recorded(s *school) { s.recorder = &fakeRecorder{} }

// within puts the school into a database that it shares with others.
func within(c *catalog.Catalog) option {
	return func(s *school) { s.cfg.Catalog = c }
}

func withMedia(open func(media.RoomID, sfu.Events) (sfu.Conference, error)) option {
	return func(s *school) { s.cfg.Media = open }
}

func newSchool(t *testing.T, options ...option) *school {
	t.Helper()
	s := &school{
		t: t, clock: &clock{now: time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)},
		id: uuid.New(), class: uuid.New(), lesson: uuid.New(), session: uuid.New(),
		people: map[string]catalog.Person{}, media: newFakeMedia(),
	}
	s.cfg = signaling.Config{
		Media: s.media.open, Clock: s.clock.Now, Build: "test",
		Logger: slog.New(slog.NewTextHandler(&secretive{t: t}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, o := range options {
		o(s)
	}
	if s.recorder != nil {
		s.cfg.Recorder = s.recorder
	}
	if s.cfg.Catalog == nil {
		s.cfg.Catalog = catalogtest.Open(t)
	}
	s.populate()
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *school) populate() {
	now := s.clock.Now()
	admin := catalog.NewPerson{ID: uuid.New(), Name: "Мария Ивановна", Role: "admin"}
	must(s.t, s.cfg.Catalog.CreateSchool(s.t.Context(), nil, catalog.School{ID: s.id, Name: "Школа 5", TimeZone: "Europe/Moscow"}, admin, now))
	s.tx(func(tx *catalog.Tx) error {
		other := uuid.New()
		errs := []error{
			tx.AddClass(catalog.Class{ID: s.class, Name: "7Б"}), tx.AddClass(catalog.Class{ID: other, Name: "8А"}),
		}
		add := func(key, role string, class uuid.UUID) {
			p := catalog.NewPerson{ID: uuid.New(), Name: nameOf(key), Role: role, Classes: []uuid.UUID{class}}
			errs = append(errs, tx.AddPerson(p))
			person, err := tx.Person(p.ID)
			errs = append(errs, err)
			s.people[key] = person
		}
		add("teacher", "teacher", s.class)
		add("colleague", "teacher", s.class)
		add("petya", "student", s.class)
		add("vasya", "student", s.class)
		add("masha", "student", s.class)
		add("stranger", "student", other)
		person, err := tx.Person(admin.ID)
		s.people["admin"] = person
		errs = append(errs, err, tx.AddLesson(catalog.Lesson{
			ID: s.lesson, ClassID: s.class, TeacherID: s.people["teacher"].ID, Title: "Теорема Виета",
			StartsAt: now, Minutes: 45, Recorded: s.recorder != nil,
		}))
		return errors.Join(errs...)
	})
}

func nameOf(key string) string { return "Name-of-" + key }

func (s *school) tx(fn func(*catalog.Tx) error) {
	s.t.Helper()
	must(s.t, s.cfg.Catalog.In(s.t.Context(), s.id, fn))
}

func (s *school) start() {
	server, err := signaling.New(s.cfg)
	must(s.t, err)
	s.server = server
	s.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := signaling.Caller{Person: s.people[r.URL.Query().Get("as")], Session: s.session}
		lesson := s.lesson
		if other := r.URL.Query().Get("lesson"); other != "" {
			lesson = uuid.MustParse(other)
		}
		_ = server.Serve(w, r, who, lesson)
	}))
}

func (s *school) stop() {
	_ = s.server.Close()
	s.http.Close()
}

func (s *school) url(as string) string {
	return "ws" + strings.TrimPrefix(s.http.URL, "http") + "/?as=" + as
}

// person is one tab of someone, with the test's patience.
type person struct {
	*signalingtest.Client
	s       *school
	id      string
	welcome signaling.Welcome
	seen    int // events that expect has passed
}

func (s *school) dial(as string) *person {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	c, err := signalingtest.Dial(ctx, s.url(as), nil)
	must(s.t, err)
	s.t.Cleanup(func() { _ = c.Close() })
	return &person{Client: c, s: s, id: s.people[as].ID.String()}
}

func hello(device string) signaling.Hello {
	return signaling.Hello{
		Protocol: signaling.Protocol, Client: "test", Device: "device-" + device,
		Capabilities: signaling.Capabilities{
			Decode: []signaling.Decoder{{Codec: "h264"}, {Codec: "vp9"}}, Encode: []string{"h264", "vp9"},
		},
	}
}

// join dials and says hello, which must be let in.
func (s *school) join(as string) *person {
	s.t.Helper()
	p := s.dial(as)
	p.hello(hello(as))
	return p
}

func (p *person) hello(h signaling.Hello) {
	p.s.t.Helper()
	w, err := ask[signaling.Welcome](p, "hello", h)
	must(p.s.t, err)
	p.welcome = w
}

func ask[A any](p *person, name string, message any) (A, error) {
	ctx, cancel := context.WithTimeout(p.s.t.Context(), patience)
	defer cancel()
	return signalingtest.Request[A](ctx, p.Client, name, message)
}

// do sends a request that must be done.
func (p *person) do(name string, message any) {
	p.s.t.Helper()
	_, err := ask[signaling.Done](p, name, message)
	if err != nil {
		p.s.t.Fatalf("%s: %v", name, err)
	}
}

// refused sends a request that must be refused, and gives the code.
func (p *person) refused(name string, message any) string {
	p.s.t.Helper()
	_, err := ask[signaling.Done](p, name, message)
	var r *signalingtest.Refused
	if !errors.As(err, &r) {
		p.s.t.Fatalf("%s: got %v, want a refusal", name, err)
	}
	return r.Code
}

// expect waits for the next event of a name for which match is true; events before it are passed over.
func expect[M any](p *person, name string, match func(M) bool) M {
	p.s.t.Helper()
	ctx, cancel := context.WithTimeout(p.s.t.Context(), patience)
	defer cancel()
	var found M
	_, next, err := p.Await(ctx, p.seen, func(e signalingtest.Event) bool {
		if e.Name != name {
			return false
		}
		m, err := signalingtest.Decode[M](e)
		must(p.s.t, err)
		found = m
		return match == nil || match(m)
	})
	if err != nil {
		p.s.t.Fatalf("waiting for %s: %v; got %s", name, err, p.log())
	}
	p.seen = next
	return found
}

func (p *person) log() string {
	var b strings.Builder
	for _, e := range p.Events() {
		fmt.Fprintf(&b, "\n%d %s %s", e.N, e.Name, e.D)
	}
	return b.String()
}

// bye waits for the goodbye and the close code after it.
func (p *person) bye(reason string, code int) {
	p.s.t.Helper()
	expect(p, "bye", func(b signaling.Bye) bool { return b.Reason == reason })
	p.closed(code)
}

func (p *person) closed(code int) {
	p.s.t.Helper()
	ctx, cancel := context.WithTimeout(p.s.t.Context(), patience)
	defer cancel()
	got, err := p.CloseCode(ctx)
	must(p.s.t, err)
	if got != code {
		p.s.t.Fatalf("closed with %d, want %d", got, code)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually polls what has no event of its own.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		}
	}
}

// secretive fails the test when a log line holds a name.
type secretive struct{ t *testing.T }

func (s *secretive) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "Name-of-") || strings.Contains(string(line), "Теорема") {
		s.t.Errorf("a log line holds a name: %s", line)
	}
	return len(line), nil
}
