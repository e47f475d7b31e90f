package signaling

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

// Server owns the rooms and the sockets. Its methods may be called from any goroutine.
type Server struct {
	cfg    Config
	routes map[string]*route
	counts *counts

	mu      sync.Mutex
	rooms   map[uuid.UUID]*room
	visits  map[*visit]struct{}
	closed  bool
	sockets sync.WaitGroup
}

// New makes a server; it starts nothing until the first socket or [Server.Reopen].
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, routes: map[string]*route{}, rooms: map[uuid.UUID]*room{}, visits: map[*visit]struct{}{}, counts: newCounts()}
	for _, r := range routes() {
		s.routes[r.Name] = &r
	}
	return s, nil
}

// Serve upgrades the request and serves the socket until it ends. The caller has signed in and api has asked the
// policy; whether they may be in this lesson is decided here again, for every message. An error says that there was no
// upgrade and that the response has been written.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, who Caller, lesson uuid.UUID) error {
	v := &visit{
		server: s, socket: newSocket(), who: who, lesson: lesson, host: r.Host,
		log: s.cfg.Logger.With("room", lesson, "participant", who.Person.ID),
	}
	if !s.enter(v) {
		http.Error(w, "closing", http.StatusServiceUnavailable)
		return ErrClosed
	}
	defer s.leave(v)
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{Subprotocol}, OriginPatterns: s.cfg.Origins,
	})
	if err != nil {
		return fmt.Errorf("accept socket: %w", err)
	}
	v.socket.attach(conn)
	v.run(context.WithoutCancel(r.Context()))
	return nil
}

// enter makes a visit known unless the server is closing. It comes before the upgrade, so that no revocation falls
// between the caller's check and the first frame.
func (s *Server) enter(v *visit) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.visits[v] = struct{}{}
	s.sockets.Add(1)
	return true
}

func (s *Server) leave(v *visit) {
	s.mu.Lock()
	delete(s.visits, v)
	s.mu.Unlock()
	s.sockets.Done()
}

// Reopen opens the rooms of all lessons that were open when the last server fell: their recordings go on, and those
// to which no staff comes back end after five minutes. cmd calls it once, after the recorder is ready.
func (s *Server) Reopen(ctx context.Context) error {
	schools, err := s.cfg.Catalog.Schools(ctx)
	if err != nil {
		return fmt.Errorf("reopen rooms: %w", err)
	}
	for _, school := range schools {
		var lessons []catalog.Lesson
		err := s.cfg.Catalog.In(ctx, school.ID, func(tx *catalog.Tx) error {
			var err error
			lessons, err = tx.OpenLessons()
			return err
		})
		if err != nil {
			return fmt.Errorf("reopen rooms: %w", err)
		}
		for _, l := range lessons {
			if _, err := s.room(school.ID, l.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// room finds a lesson's room or opens one.
func (s *Server) room(school, lesson uuid.UUID) (*room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if r := s.rooms[lesson]; r != nil {
		return r, nil
	}
	var r *room
	r = newRoom(&s.cfg, school, lesson, func() { s.retire(lesson, r) })
	s.rooms[lesson] = r
	go r.run() // joined by Close, or over by itself
	return r, nil
}

func (s *Server) retire(lesson uuid.UUID, r *room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms[lesson] == r {
		delete(s.rooms, lesson)
	}
}

// Saved tells a lesson's room how far its recording is durable, and what keeps it from being (a code, or empty). It
// never blocks.
func (s *Server) Saved(lesson, recording uuid.UUID, upTo time.Time, trouble string) {
	if r := s.find(lesson); r != nil {
		r.inbox.saved(savedNews{recording, upTo, trouble})
	}
}

// Inside lists who is in a lesson, those away for a moment included; nobody when it has no room.
func (s *Server) Inside(lesson uuid.UUID) []uuid.UUID {
	if r := s.find(lesson); r != nil {
		return append([]uuid.UUID(nil), *r.inside.Load()...)
	}
	return nil
}

func (s *Server) find(lesson uuid.UUID) *room {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms[lesson]
}

// Revoke ends all that a person does in any room, and the devices that they let in: their rights changed or are gone.
// It does not wait.
func (s *Server) Revoke(person uuid.UUID) {
	s.expel(func(who Caller) bool { return who.Person.ID == person || who.MadeBy == person })
}

// EndSession ends what a signed-in browser does in any room: it signed out. It does not wait.
func (s *Server) EndSession(session uuid.UUID) {
	s.expel(func(who Caller) bool { return who.Session == session })
}

// expel closes the sockets before it tells the rooms: a hello that is on its way finds its socket closed.
func (s *Server) expel(match func(Caller) bool) {
	for _, v := range s.openVisits() {
		if match(v.who) {
			v.farewell("signed_out", closeSignedOut)
		}
	}
	for _, r := range s.openRooms() {
		r.inbox.expel(match)
	}
}

func (s *Server) openVisits() []*visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*visit, 0, len(s.visits))
	for v := range s.visits {
		all = append(all, v)
	}
	return all
}

func (s *Server) openRooms() []*room {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*room, 0, len(s.rooms))
	for _, r := range s.rooms {
		all = append(all, r)
	}
	return all
}

// Close takes no more sockets, says goodbye on those that are open, leaves the lessons open in the catalog, and waits
// for everything. Idempotent.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for _, r := range s.openRooms() {
		r.close()
	}
	// Those whose hello has not come yet are in no room.
	for _, v := range s.openVisits() {
		v.farewell("upgraded", closeGoingAway)
	}
	s.sockets.Wait()
	return nil
}
