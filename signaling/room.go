package signaling

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// The states of a room, as the wire has them.
const (
	stateWaiting = "waiting"
	stateLive    = "live"
	stateEnded   = "ended"
)

// roomCommands is how many commands may wait for a room. When it is full whoever asks waits: that is one socket's
// reader, never the media or another room.
const roomCommands = 64

// room is one lesson's rules and everything that is not media. The goroutine of run owns all below "owned"; others
// reach it by ask, by the inbox, and by what is atomic.
type room struct {
	cfg    *Config
	log    *slog.Logger
	id     uuid.UUID
	school uuid.UUID
	// retire takes the room out of the server's registry, so that no new command finds it.
	retire func()

	// in
	commands chan command
	inbox    *inbox
	ctx      context.Context // ends when the room is to stop
	cancel   context.CancelFunc

	// out
	inside  atomic.Pointer[[]uuid.UUID]
	roles   atomic.Pointer[map[string]int]
	done    chan struct{}
	loadErr error // read after done

	// owned
	idleSince  time.Time // zero: the room has something to do
	journal    *journal
	tasks      sync.WaitGroup
	lesson     catalog.Lesson
	state      string
	over       bool
	endsAt     time.Time // zero: staff is here
	sessions   map[string]*session
	known      map[uuid.UUID]catalog.RoomPerson
	removed    map[string]Outsider
	chat       []ChatMessage // the newest, for those who come later
	lastSent   time.Time     // of the newest chat message: moments of messages are distinct
	conference sfu.Conference
	speakers   Speakers
	codec      string
	recording  recordingState
	closing    closingState
}

type command struct {
	do   func()
	done chan struct{}
}

func newRoom(cfg *Config, school, lesson uuid.UUID, retire func()) *room {
	r := &room{
		cfg: cfg, log: cfg.Logger.With("room", lesson), id: lesson, school: school, retire: retire,
		commands: make(chan command, roomCommands), inbox: newInbox(),
		done:     make(chan struct{}),
		sessions: map[string]*session{}, known: map[uuid.UUID]catalog.RoomPerson{}, removed: map[string]Outsider{},
		codec: media.H264.String(),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.inside.Store(&[]uuid.UUID{})
	r.roles.Store(&map[string]int{})
	return r
}

// run loads the lesson and lives until it is over, everyone left a lesson that never began, or close.
func (r *room) run() {
	defer close(r.done)
	defer r.retire()
	ctx, cancel := context.WithTimeout(r.ctx, databaseWithin)
	r.loadErr = r.load(ctx)
	cancel()
	if r.loadErr != nil {
		r.cancel()
		return
	}
	r.journal = newJournal(r.cfg.Catalog, r.school, r.log)
	go r.journal.run()
	defer r.journal.close()
	defer r.tasks.Wait()
	defer r.cancel()
	r.resumeLesson()
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for !r.over {
		select {
		case c := <-r.commands:
			c.do()
			close(c.done)
		case <-r.inbox.ready:
			r.read(r.inbox.take())
		case <-ticker.C:
			r.tick(r.cfg.Clock())
		case <-r.ctx.Done():
			r.interrupt()
			return
		}
	}
}

// ask runs do on the room's goroutine and waits for it. ctx is the asker's; do may still run after ctx ended.
func (r *room) ask(ctx context.Context, do func()) error {
	c := command{do: do, done: make(chan struct{})}
	select {
	case r.commands <- c:
	case <-r.done:
		return errRetired
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-r.done:
	}
	select {
	case <-c.done:
		return nil
	default:
		return errRetired
	}
}

// task runs work beside the room and then its outcome on the room's goroutine. It is joined before the room is done;
// a server that stops cancels it, for it waits neither for a recorder nor for a database that hangs.
func (r *room) task(within time.Duration, work func(ctx context.Context) (outcome func())) {
	r.tasks.Add(1)
	go func() {
		defer r.tasks.Done()
		ctx, cancel := context.WithTimeout(r.ctx, within)
		defer cancel()
		outcome := work(ctx)
		select {
		case r.commands <- command{do: outcome, done: make(chan struct{})}:
		case <-r.ctx.Done():
		}
	}()
}

// close interrupts the room, without ending the lesson, and waits for it.
func (r *room) close() {
	r.cancel()
	<-r.done
}

// interrupt says goodbye to everyone because the server stops: the lesson stays open in the catalog, and the clients
// come back to whoever serves it next.
func (r *room) interrupt() {
	for _, s := range r.sessions {
		s.over = true
		if s.door != nil {
			s.release()
		}
		r.goodbye(s, "upgraded", closeGoingAway)
	}
	r.closeConference()
}

func (r *room) closeConference() {
	if r.conference == nil {
		return
	}
	if err := r.conference.Close(); err != nil {
		r.log.Warn("media not closed", "err", err)
	}
	r.conference = nil
}

// tell sends an event to everyone, or in a room that waits to nobody: people there do not see each other.
func (r *room) tell(name string, message any) { r.tellExcept(nil, name, message) }

func (r *room) tellExcept(but *session, name string, message any) {
	if r.state == stateWaiting {
		return
	}
	body := r.encode(message)
	for _, s := range r.sessions {
		if s != but {
			s.emit(name, body)
		}
	}
}

func (r *room) tellOne(s *session, name string, message any) { s.emit(name, r.encode(message)) }

func (r *room) encode(message any) json.RawMessage {
	body, err := encodeBody(message)
	if err != nil {
		// Our structs of strings and numbers always encode; a test goes through all of them.
		r.log.Error("event not encoded", "err", err)
	}
	return body
}

// goodbye is the last frame on a socket. The session's own fate is the caller's business.
func (r *room) goodbye(s *session, reason string, code closeCode) {
	if s.socket == nil {
		return
	}
	s.socket.send(encodeEvent("bye", 0, r.encode(Bye{Reason: reason})))
	s.socket.close(code, reason)
	s.socket = nil
}

// object is the lesson as the policy sees it, asked by one person.
func (r *room) object(person string) policy.Object {
	_, sentOut := r.removed[person]
	return policy.Object{
		Kind: policy.KindLesson, School: r.lesson.SchoolID, Class: r.lesson.ClassID, Teacher: r.lesson.TeacherID,
		Ended: r.state == stateEnded, Removed: sentOut,
	}
}

func (r *room) may(who Caller, action policy.Action) policy.Decision {
	return policy.May(asks(who), action, r.object(who.Person.ID.String()), r.cfg.Clock())
}

func (r *room) permissions(who Caller) Permissions {
	may := func(a policy.Action) bool { return r.may(who, a).Allowed }
	return Permissions{
		Speak: may(policy.RoomSpeak), Video: may(policy.RoomVideo), Share: may(policy.RoomShare),
		Chat: may(policy.RoomChat), Moderate: may(policy.RoomModerate), Record: may(policy.RoomRecord),
		End: may(policy.RoomEnd),
	}
}

func (r *room) roomState() RoomState {
	s := RoomState{State: r.state}
	if r.state == stateLive && !r.endsAt.IsZero() {
		s.EndsAt = stamp(r.endsAt)
	}
	return s
}

func (r *room) staffInside() bool {
	for _, s := range r.sessions {
		if s.staff() {
			return true
		}
	}
	return false
}

func (r *room) countInside() {
	ids := make([]uuid.UUID, 0, len(r.sessions))
	for _, s := range r.sessions {
		ids = append(ids, s.person)
	}
	r.inside.Store(&ids)
	r.countRoles()
}
