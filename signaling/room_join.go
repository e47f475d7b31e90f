package signaling

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// joinWithin bounds the media's answer to Join, which is a command and no SDP.
const joinWithin = 5 * time.Second

// errNeedsStart says that this join begins the lesson, which the catalog must know first.
var errNeedsStart = errors.New("signaling: lesson not started")

// arrival is a hello on its way into a room.
type arrival struct {
	who    Caller
	lesson uuid.UUID
	hello  Hello
	socket *socket
	re     uint64
	host   string
	// started says that the catalog has the lesson's start.
	started bool
	counts  *counts
}

func (r *room) mediaID() media.RoomID { return media.RoomID(r.id.String()) }

// join lets someone in, or attaches their new socket to the session that they had. The answer to hello is queued here,
// on the room's goroutine, so that it comes before every event that it does not include.
func (r *room) join(a arrival) (*session, error) {
	if d := r.may(a.who, policy.LessonJoin); !d.Allowed {
		return nil, denied(d)
	}
	if a.socket.isClosed() {
		return nil, errGone
	}
	old := r.sessions[a.who.Person.ID.String()]
	if old != nil && old.mayResume(a.hello.Resume) {
		r.attach(old, a)
		return old, nil
	}
	if old != nil && old.socket != nil && old.device != a.hello.Device && !a.hello.TakeOver {
		return nil, refuse(Elsewhere, "you are in this lesson in another tab or on another device")
	}
	now := r.cfg.Clock()
	if r.state == stateWaiting && staff(a.who) {
		if !a.started {
			return nil, errNeedsStart
		}
		if err := r.beginLesson(microsecond(now), a.who.Person.ID); err != nil {
			r.log.Error("lesson not begun", "err", err)
			return nil, refuse(Unavailable, "media is not available")
		}
		old = r.sessions[a.who.Person.ID.String()]
	}
	s := newSession(a.who, a.hello, microsecond(now))
	if err := r.joinMedia(s); err != nil {
		r.log.Error("media not joined", "participant", s.id, "err", err)
		return nil, refuse(Unavailable, "media is not available")
	}
	r.admitSession(s, old, a)
	return s, nil
}

// joinMedia gives a session its place in the media; in a room that waits there is none.
func (r *room) joinMedia(s *session) error {
	if r.state != stateLive {
		return nil
	}
	if err := r.openConference(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), joinWithin)
	defer cancel()
	member, err := r.conference.Join(ctx, media.ParticipantID(s.id), s.caps)
	if errors.Is(err, sfu.ErrClosed) {
		// The room's media failed (it ends alone). Whoever comes first opens it anew; the others follow when their
		// transports fail.
		r.closeConference()
		if err = r.openConference(); err == nil {
			member, err = r.conference.Join(ctx, media.ParticipantID(s.id), s.caps)
		}
	}
	if err != nil {
		return fmt.Errorf("join media: %w", err)
	}
	s.member = member
	for source, on := range s.on {
		member.SetSource(media.Source(source), on)
	}
	return nil
}

// admitSession puts s in old's place, if there was one, or makes it a new participant.
func (r *room) admitSession(s, old *session, a arrival) {
	if old != nil {
		s.joinedAt, s.handAt, s.limits = old.joinedAt, old.handAt, old.limits
		old.over = true
		r.noteSharesEnd(old)
		r.goodbye(old, "replaced", closeReplaced)
	} else if row, was := r.known[s.person]; was && row.LeftAt == nil {
		// The server fell while they were inside: they have been here since then, with their hand up.
		s.joinedAt, s.handAt = row.JoinedAt, row.HandAt
	}
	delete(r.known, s.person)
	r.sessions[s.id] = s
	s.socket = a.socket
	person, at := s.person, r.cfg.Clock()
	r.journal.note(func(tx *catalog.Tx) error { return tx.JoinRoom(r.id, person, at) })
	r.countInside()
	if old == nil {
		r.timeline("join", &person, nil)
	}
	if s.staff() && !r.endsAt.IsZero() {
		r.endsAt = time.Time{}
		r.tellExcept(s, "room", r.roomState())
	}
	s.socket.send(encodeOK(a.re, r.encode(r.welcome(s, a, false, 0))))
	r.tellExcept(s, "participant", s.participant())
	r.log.Info("joined", "participant", s.id, "replaced", old != nil)
}

// attach resumes a session on a new socket: nothing changed but the token, and what was missed follows.
func (r *room) attach(s *session, a arrival) {
	if s.socket != nil {
		// The same tab is faster than our timeout: its former socket is dead or about to be.
		r.goodbye(s, "replaced", closeReplaced)
	}
	wasAway := !s.awaySince.IsZero()
	s.socket, s.awaySince = a.socket, time.Time{}
	s.who, s.token = a.who, rand.Text()
	last := a.hello.Resume.Last
	s.socket.send(encodeOK(a.re, r.encode(r.welcome(s, a, true, last))))
	s.replay(last)
	if wasAway {
		r.tellExcept(s, "participant", s.participant())
	}
	a.counts.resumed.Add(1)
	r.log.Info("resumed", "participant", s.id, "missed", s.last-last)
}

func (r *room) welcome(s *session, a arrival, resumed bool, last uint64) Welcome {
	w := Welcome{
		Resumed: resumed, Token: s.token, Last: last, Self: s.id, Server: r.cfg.Build,
		Lesson: LessonInfo{
			ID: r.id.String(), Title: r.lesson.Title, ClassName: r.lesson.ClassName, Teacher: r.lesson.TeacherName,
			Recorded: r.lesson.Recorded, StartsAt: stamp(r.lesson.StartsAt),
		},
		Room: r.roomState(), Recording: r.recording.wire(), Speakers: r.speakers, Codec: r.codec,
		Permissions: r.permissions(s.who),
	}
	if r.cfg.Relays != nil {
		w.ICE = r.cfg.Relays(s.person, a.host)
	}
	if r.state == stateWaiting {
		w.People = []Participant{s.participant()}
		return w
	}
	w.Chat = r.chat
	for _, other := range r.sessions {
		w.People = append(w.People, other.participant())
	}
	slices.SortFunc(w.People, func(a, b Participant) int {
		return cmp.Or(cmp.Compare(a.JoinedAt, b.JoinedAt), cmp.Compare(a.ID, b.ID))
	})
	if w.Permissions.Moderate {
		w.Removed = r.outsiders()
	}
	return w
}

// detach makes a session away when the socket that ended was still its own.
func (r *room) detach(s *session, ended *socket) {
	if s.over || s.socket != nil && s.socket != ended || s.socket == nil && !s.awaySince.IsZero() {
		return
	}
	s.socket, s.awaySince = nil, r.cfg.Clock()
	r.tellExcept(s, "participant", s.participant())
}

// drop ends a session: the person is gone. Reason is the others' (left, lost, removed).
func (r *room) drop(s *session, reason string) {
	if s.over {
		return
	}
	s.over = true
	delete(r.sessions, s.id)
	s.release()
	person, at := s.person, r.cfg.Clock()
	r.journal.note(leaves(r.id, person, at))
	r.countInside()
	r.noteSharesEnd(s)
	r.timeline("leave", &person, map[string]string{"reason": reason})
	r.tell("participant_left", ParticipantLeft{ID: s.id, Reason: reason})
	r.log.Info("gone", "participant", s.id, "reason", reason)
	r.noticeStaff()
}

// expel says goodbye and drops.
func (r *room) expel(s *session, bye string, code closeCode, reason string) {
	r.goodbye(s, bye, code)
	r.drop(s, reason)
}

// expelWhere is for revocation: whatever the person does is over at once.
func (r *room) expelWhere(match func(Caller) bool) {
	for _, s := range r.sessions {
		if match(s.who) {
			r.expel(s, "signed_out", closeSignedOut, "left")
		}
	}
}

func (r *room) find(id string) (*session, error) {
	s, ok := r.sessions[id]
	if !ok {
		return nil, refuse(NotNow, "they are not in the lesson")
	}
	return s, nil
}

func (r *room) outsiders() []Outsider {
	list := make([]Outsider, 0, len(r.removed))
	for _, o := range r.removed {
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b Outsider) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// timeline puts something on the recording's timeline, if there is a recording.
func (r *room) timeline(kind string, person *uuid.UUID, data any) {
	if r.recording.id == uuid.Nil {
		return
	}
	if data == nil {
		data = struct{}{}
	}
	r.cfg.Recorder.Event(r.recording.id, kind, person, data)
}
