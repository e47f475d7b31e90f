package signaling

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

// chatBacklog is how many messages whoever comes in gets, and how many a page has.
const chatBacklog = 50

// load reads what the room must know; it runs before the first command.
func (r *room) load(ctx context.Context) error {
	err := r.cfg.Catalog.In(ctx, r.school, func(tx *catalog.Tx) error {
		var err error
		if r.lesson, err = tx.Lesson(r.id); err != nil {
			return err
		}
		if err = r.loadPeople(tx); err != nil {
			return err
		}
		messages, err := tx.Chat(r.id, nil, chatBacklog)
		if err != nil {
			return err
		}
		for _, m := range messages {
			r.chat = append(r.chat, chatMessage(m))
			r.lastSent = m.SentAt
		}
		return r.loadRecording(tx)
	})
	if err != nil {
		return fmt.Errorf("open room: %w", err)
	}
	switch {
	case r.lesson.EndedAt != nil:
		r.state = stateEnded
	case r.lesson.StartedAt != nil:
		r.state = stateLive
	default:
		r.state = stateWaiting
	}
	return nil
}

func (r *room) loadPeople(tx *catalog.Tx) error {
	people, err := tx.RoomPeople(r.id)
	if err != nil {
		return err
	}
	for _, p := range people {
		r.known[p.PersonID] = p
		if p.RemovedAt == nil {
			continue
		}
		person, err := tx.Person(p.PersonID)
		if err != nil {
			return err
		}
		r.removed[p.PersonID.String()] = Outsider{ID: p.PersonID.String(), Name: person.Name}
	}
	return nil
}

// loadRecording finds out whether the recording is to go on by itself: there is an open one, or the lesson was to be
// recorded and the server fell before that began.
func (r *room) loadRecording(tx *catalog.Tx) error {
	if r.lesson.StartedAt == nil || r.lesson.EndedAt != nil {
		return nil
	}
	all, err := tx.RecordingOfLesson(r.id)
	if err != nil {
		return err
	}
	open := slices.IndexFunc(all, func(rec catalog.Recording) bool { return rec.EndedAt == nil && rec.DeletedAt == nil })
	switch {
	case open >= 0:
		r.recording.wanted, r.recording.by = true, all[open].StartedBy
	case len(all) == 0 && r.lesson.Recorded:
		r.recording.wanted, r.recording.by = true, r.lesson.TeacherID
	}
	return nil
}

// resumeLesson goes on with a lesson that was open when the last server fell. Nobody is inside yet, so the time
// without staff begins now.
func (r *room) resumeLesson() {
	if r.state != stateLive {
		return
	}
	r.endsAt = r.cfg.Clock().Add(endAfter)
	if err := r.openConference(); err != nil {
		r.log.Error("media not opened", "err", err)
	}
	r.stepRecording()
}

// openConference is repeated by whoever joins until it succeeds.
func (r *room) openConference() error {
	if r.conference != nil {
		return nil
	}
	conference, err := r.cfg.Media(r.mediaID(), r.inbox)
	if err != nil {
		return fmt.Errorf("open media: %w", err)
	}
	r.conference = conference
	return nil
}

// beginLesson turns a room that waits into a live one. The catalog knows already.
func (r *room) beginLesson(now time.Time, by uuid.UUID) error {
	if r.state != stateWaiting {
		return nil
	}
	if err := r.openConference(); err != nil {
		return err
	}
	r.state = stateLive
	r.lesson.StartedAt = &now
	if r.lesson.Recorded {
		r.recording.wanted, r.recording.by = true, by
	}
	waiting := make([]*session, 0, len(r.sessions))
	for _, s := range r.sessions {
		waiting = append(waiting, s)
	}
	for _, s := range waiting {
		if err := r.joinMedia(s); err != nil {
			r.log.Error("media not joined", "participant", s.id, "err", err)
			r.expel(s, "upgraded", closeGoingAway, "lost")
		}
	}
	r.tell("room", r.roomState())
	for _, s := range r.sessions {
		r.tell("participant", s.participant())
	}
	for _, m := range r.chat {
		r.tell("chat", m)
	}
	r.stepRecording()
	return nil
}
