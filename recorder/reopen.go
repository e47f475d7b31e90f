package recorder

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu/media"
)

// Reopened says that the lesson's room was opened anew: a mistake of the program ended the one before. A recording that
// runs goes on in the new room, with a gap marked where media is missing. It does not wait, and may be called from any
// goroutine and for a lesson that is not recorded.
func (r *Recorder) Reopened(lesson uuid.UUID) {
	room, ok := r.cfg.Rooms(media.RoomID(lesson.String()))
	if !ok {
		return // ended again meanwhile; whoever opens the next one says so
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sessions {
		if s.folder.Meta.Lesson == lesson {
			s.moveLocked(room)
		}
	}
}

// moveLocked tells the session of its room; its next beat sets the tap there. The recorder's mu is held.
func (s *session) moveLocked(room TapPoint) {
	if s.room == room {
		return
	}
	s.room = room
	s.moved.Store(true)
}

// follow goes on in a new room. It runs on the session's goroutine, so that the tap is set after everything of the old
// room is closed and nothing of the new one can come before.
func (s *session) follow() {
	if s.ending || !s.moved.Swap(false) {
		return
	}
	missing := s.roomLost || len(s.sources) > 0
	var heard time.Duration
	for _, src := range s.sources {
		heard = max(heard, src.heard) // the old room's tap did not get to closing it
		s.closeSource(src, s.now)
	}
	from := s.lostAt
	if heard > 0 {
		from = min(from, heard)
	}
	s.roomLost = false
	if missing {
		data, err := json.Marshal(map[string]int64{"to_us": s.now.Microseconds()})
		if err == nil {
			s.addEvent("gap", nil, data, from)
		}
		s.r.figures.gaps.Add(1)
		s.log.Warn("recording goes on in a new room", "gap_ms", (s.now - from).Milliseconds())
	}
	s.r.roomOf(s).SetTap(s.tap) // does not wait
}

// noteLoss remembers when a source ended because its room did: what is missing from then on was not muted.
func (s *session) noteLoss(at time.Duration) {
	if s.roomLost || s.ending {
		return
	}
	room, ok := s.r.cfg.Rooms(media.RoomID(s.folder.Meta.Lesson.String()))
	if ok && room == s.r.roomOf(s) {
		return
	}
	s.roomLost, s.lostAt = true, at
}
