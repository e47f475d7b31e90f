package signaling

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// ErrNotBegun says that nobody of the staff is in the lesson yet, so that there is nothing to send to or receive from.
var ErrNotBegun = errors.New("signaling: lesson not begun")

// Denied is a decision of the policy against a device.
type Denied struct{ Reason policy.Reason }

// Error gives the reason.
func (d *Denied) Error() string { return "signaling: device denied: " + d.Reason }

// Device is what stands behind a door and has no socket: api has read its token and asked the policy already; the room
// asks again.
type Device struct {
	// Person is the device as the lesson sees it, Maker who made its door.
	Person, Maker catalog.Person
	// Publishes: it sends to the lesson; else it receives.
	Publishes bool
	ExpiresAt time.Time
	Lesson    uuid.UUID
	// Capabilities is what it offers.
	Capabilities sfu.Capabilities
}

// Guest is a device's stay. Its methods do not wait and may be called from any goroutine.
type Guest struct {
	// Member is its place in the media.
	Member sfu.Member

	room *room
	sess *session
}

// Live opens the gates of what the device sends and tells everyone.
func (g *Guest) Live(sources []media.Source) {
	g.room.inbox.device(func(r *room) {
		if g.sess.over {
			return
		}
		for _, source := range sources {
			r.setSource(g.sess, source, true)
		}
	})
}

// Leave gives the place up; it may be repeated.
func (g *Guest) Leave() {
	g.room.inbox.device(func(r *room) { r.drop(g.sess, "left") })
}

// behindDoor is what a device's session has in place of a socket.
type behindDoor struct {
	device Device
	ended  func()
}

// AdmitDevice lets a device into its lesson; one that is there already makes way. ended is called once the room is done
// with it, from any goroutine and perhaps before AdmitDevice returns; it must not wait. The errors are [Denied],
// [ErrNotBegun], [ErrClosed], catalog.ErrNotFound, those of the media and ctx's.
func (s *Server) AdmitDevice(ctx context.Context, d Device, ended func()) (*Guest, error) {
	for ctx.Err() == nil {
		r, err := s.room(d.Maker.SchoolID, d.Lesson)
		if err != nil {
			return nil, err
		}
		guest, err := r.enterDevice(ctx, d, ended)
		if !errors.Is(err, errRetired) {
			return guest, err
		}
		if r.loadErr != nil {
			return nil, r.loadErr
		}
	}
	return nil, ctx.Err()
}

func (r *room) enterDevice(ctx context.Context, d Device, ended func()) (*Guest, error) {
	type outcome struct {
		guest *Guest
		err   error
	}
	result := make(chan outcome, 1)
	err := r.ask(ctx, func() {
		guest, err := r.admitDevice(d, ended)
		if err == nil && ctx.Err() != nil {
			r.drop(guest.sess, "left") // nobody waits for the answer
		}
		result <- outcome{guest, err}
	})
	if err != nil {
		return nil, err
	}
	o := <-result
	return o.guest, o.err
}

func (r *room) admitDevice(d Device, ended func()) (*Guest, error) {
	now := r.cfg.Clock()
	if decision := policy.May(asks(Caller{Person: d.Maker}), d.action(), r.doorObject(d), now); !decision.Allowed {
		return nil, &Denied{decision.Reason}
	}
	if r.state == stateWaiting {
		return nil, ErrNotBegun
	}
	who := Caller{Person: d.Person, MadeBy: d.Maker.ID}
	s := newSession(who, Hello{}, microsecond(now))
	s.caps, s.door = d.Capabilities, &behindDoor{d, ended}
	if old := r.sessions[s.id]; old != nil {
		r.drop(old, "left") // an encoder that starts anew does not always say goodbye
	}
	if err := r.joinMedia(s); err != nil {
		return nil, err
	}
	delete(r.known, s.person)
	r.sessions[s.id] = s
	person := s.person
	r.journal.note(func(tx *catalog.Tx) error { return tx.JoinRoom(r.id, person, now) })
	r.countInside()
	r.timeline("join", &person, nil)
	r.tell("participant", s.participant())
	r.log.Info("device joined", "participant", s.id)
	return &Guest{Member: s.member, room: r, sess: s}, nil
}

func (d Device) action() policy.Action {
	if d.Publishes {
		return policy.DoorPublish
	}
	return policy.DoorView
}

// doorObject is a device's door as the policy sees it. Whether it was revoked, only the catalog knows: api asks there
// before and after.
func (r *room) doorObject(d Device) policy.Object {
	o := r.object(d.Person.ID.String())
	o.Kind, o.Publishes, o.ExpiresAt = policy.KindDoor, d.Publishes, d.ExpiresAt
	return o
}

// release ends what a session that is over holds outside the room.
func (s *session) release() {
	if s.member != nil {
		s.member.Leave()
	}
	if s.door != nil {
		s.door.ended()
	}
}

// expired says whether a device's time is over.
func (s *session) expired(now time.Time) bool {
	return s.door != nil && !now.Before(s.door.device.ExpiresAt)
}
