package signaling

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

// The states of the recording, as the wire has them.
const (
	recordingOff      = "off"
	recordingStarting = "starting"
	recordingOn       = "on"
	recordingTrouble  = "trouble"
)

// recordingState is what is wanted and what is. stepRecording moves the one towards the other; Start and Stop run
// beside the room, one at a time.
type recordingState struct {
	wanted  bool
	by      uuid.UUID // who wanted it
	busy    bool
	id      uuid.UUID // nil: none
	since   time.Time
	savedTo time.Time
	trouble string
	retryAt time.Time
}

func (s *recordingState) wire() Recording {
	rec := Recording{State: recordingOff, Trouble: s.trouble}
	switch {
	case s.trouble != "":
		rec.State = recordingTrouble
	case s.id != uuid.Nil && s.wanted:
		rec.State = recordingOn
	case s.wanted:
		rec.State = recordingStarting
	}
	if s.id != uuid.Nil {
		rec.Since = stamp(s.since)
	}
	if !s.savedTo.IsZero() {
		rec.SavedTo = stamp(s.savedTo)
	}
	return rec
}

// setRecording is the button. The lesson's setting follows it, so that whoever comes later is told before joining.
func (r *room) setRecording(on bool, by uuid.UUID) {
	if on == r.recording.wanted {
		return
	}
	r.recording.wanted, r.recording.by, r.recording.trouble, r.recording.retryAt = on, by, "", time.Time{}
	r.lesson.Recorded = on
	r.stepRecording()
	r.tell("recording", r.recording.wire())
}

func (r *room) stepRecording() {
	rec := &r.recording
	switch {
	case rec.busy:
	case rec.wanted && rec.id == uuid.Nil && !r.cfg.Clock().Before(rec.retryAt):
		r.startRecording()
	case !rec.wanted && rec.id != uuid.Nil:
		r.stopRecording()
	}
}

func (r *room) startRecording() {
	if r.cfg.Recorder == nil {
		r.recording.wanted = false
		return
	}
	r.recording.busy = true
	req := StartRequest{School: r.school, Lesson: r.id, Class: r.lesson.ClassID, StartedBy: r.recording.by}
	r.task(stopWithin, func(ctx context.Context) func() {
		id, err := r.cfg.Recorder.Start(ctx, req)
		return func() { r.recordingStarted(id, err) }
	})
}

func (r *room) recordingStarted(id uuid.UUID, err error) {
	rec := &r.recording
	rec.busy = false
	if err != nil {
		r.log.Error("recording not started", "err", err)
		rec.trouble, rec.retryAt = "not_started", r.cfg.Clock().Add(retryEvery)
	} else {
		rec.id, rec.since, rec.savedTo, rec.trouble = id, r.cfg.Clock(), time.Time{}, ""
		r.log.Info("recording", "recording", id)
		r.timelineNow()
	}
	r.tell("recording", rec.wire())
	r.stepRecording()
}

// timelineNow writes who is here and who speaks at the beginning of a recording.
func (r *room) timelineNow() {
	for _, s := range r.sessions {
		person := s.person
		r.timeline("join", &person, nil)
	}
	if r.speakers.Active != "" {
		r.timeline("speakers", nil, r.speakers)
	}
}

func (r *room) stopRecording() {
	r.recording.busy = true
	id := r.recording.id
	r.task(stopWithin, func(ctx context.Context) func() {
		err := r.cfg.Recorder.Stop(ctx, id)
		return func() { r.recordingStopped(err) }
	})
}

func (r *room) recordingStopped(err error) {
	if err != nil {
		// What is in the spool stays there; the recorder closes the recording when it starts the next time.
		r.log.Error("recording not stopped cleanly", "recording", r.recording.id, "err", err)
	}
	r.recording.busy, r.recording.id, r.recording.trouble = false, uuid.Nil, ""
	r.recording.since, r.recording.savedTo = time.Time{}, time.Time{}
	r.tell("recording", r.recording.wire())
	r.stepRecording()
	r.stepClosing(r.cfg.Clock()) // the end of the lesson waits for this
}

func (r *room) readSaved(n savedNews) {
	rec := &r.recording
	if n.recording != rec.id || rec.id == uuid.Nil {
		return
	}
	if n.upTo.Equal(rec.savedTo) && n.trouble == rec.trouble {
		return
	}
	rec.savedTo, rec.trouble = n.upTo, n.trouble
	r.tell("recording", rec.wire())
}

// commitRecorded keeps the lesson's setting in step with the button.
func commitRecorded(lesson uuid.UUID, on bool) func(*catalog.Tx) error {
	return func(tx *catalog.Tx) error { return tx.SetLessonRecorded(lesson, on) }
}
