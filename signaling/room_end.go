package signaling

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

// idleAfter is how long an empty room is kept that has nothing to watch over: someone who reloads finds it warm.
const idleAfter = 5 * time.Second

// closingState is how far the end of the lesson has come.
type closingState struct {
	// begun: everyone is out; the recording is being stopped, then the media closed, then the catalog told.
	begun bool
	busy  bool
	// committed: the catalog has the end.
	committed bool
	retryAt   time.Time
}

// tick looks at the deadlines.
func (r *room) tick(now time.Time) {
	for _, s := range r.sessions {
		if s.socket != nil && s.socket.isClosed() {
			r.detach(s, s.socket) // its reader may hang until a write to a dead network times out
		}
		if s.socket == nil && !s.awaySince.IsZero() && now.Sub(s.awaySince) >= resumeWithin {
			r.drop(s, "lost")
		}
		if s.expired(now) {
			r.drop(s, "left")
		}
	}
	if r.state == stateLive && !r.endsAt.IsZero() && !now.Before(r.endsAt) {
		r.log.Info("lesson ends without staff")
		r.finish()
	}
	r.stepRecording()
	r.stepClosing(now)
	r.retireIdle(now)
}

// retireIdle ends a room that nobody is in and that has nothing to end: it waits for staff, or the lesson was over
// before it was opened.
func (r *room) retireIdle(now time.Time) {
	if r.state == stateLive || r.closing.begun || len(r.sessions) > 0 {
		r.idleSince = time.Time{}
		return
	}
	if r.idleSince.IsZero() {
		r.idleSince = now
	}
	r.over = now.Sub(r.idleSince) >= idleAfter
}

// noticeStaff starts the last five minutes when nobody of the staff is left, and says so.
func (r *room) noticeStaff() {
	if r.state != stateLive || !r.endsAt.IsZero() || r.staffInside() {
		return
	}
	r.endsAt = r.cfg.Clock().Add(endAfter)
	r.tell("room", r.roomState())
}

// finish ends the lesson for all. The order matters: people first, so that nobody waits for a disk; then the
// recording, which needs the media open to drain; then the media; last the catalog, unless it knows already.
func (r *room) finish() {
	if r.state == stateEnded {
		return
	}
	r.state = stateEnded
	r.closing.begun = true
	r.tell("room", r.roomState())
	at := r.cfg.Clock()
	for _, s := range r.sessions {
		s.over = true
		delete(r.sessions, s.id)
		r.goodbye(s, "ended", closeEnded)
		s.release()
		person := s.person
		r.noteSharesEnd(s)
		r.timeline("leave", &person, map[string]string{"reason": "ended"})
		r.journal.note(leaves(r.id, person, at))
	}
	for person, row := range r.known {
		if row.LeftAt == nil { // inside when an earlier server fell, and not back
			r.journal.note(leaves(r.id, person, at))
		}
	}
	r.countInside()
	r.recording.wanted = false
	r.stepRecording()
	r.stepClosing(at)
}

func leaves(lesson, person uuid.UUID, at time.Time) func(*catalog.Tx) error {
	return func(tx *catalog.Tx) error { return tx.LeaveRoom(lesson, person, at) }
}

// stepClosing brings the end one step further; a failed commit is tried again until the server stops, and then by the
// next one, for which the lesson is still open.
func (r *room) stepClosing(now time.Time) {
	c := &r.closing
	if !c.begun || c.busy || r.recording.busy || r.recording.id != uuid.Nil || now.Before(c.retryAt) {
		return
	}
	c.busy = true
	conference := r.conference
	r.conference = nil
	r.task(stopWithin, func(ctx context.Context) func() {
		var closed error
		if conference != nil {
			closed = conference.Close()
		}
		var ended error
		if !c.committed {
			ended = r.commitEnd(ctx)
		}
		return func() { r.closed(closed, ended) }
	})
}

func (r *room) closed(media, ended error) {
	r.closing.busy = false
	if media != nil {
		r.log.Warn("media not closed", "err", media)
	}
	if ended != nil {
		r.log.Error("end of lesson not written", "err", ended)
		r.closing.retryAt = r.cfg.Clock().Add(retryEvery)
		return
	}
	r.closing.committed = true
	r.over = true
	r.log.Info("lesson over")
}

func (r *room) commitEnd(ctx context.Context) error {
	err := r.journal.commit(ctx, func(tx *catalog.Tx) error { return tx.EndLesson(r.id, r.cfg.Clock()) })
	if errors.Is(err, catalog.ErrNotFound) {
		return nil // someone else ended it
	}
	return err
}
