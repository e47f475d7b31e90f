package catalog

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// recordingQuery reads [Recording] in the order of its fields.
const recordingQuery = `select r.id, r.school_id, r.lesson_id, r.class_id, r.started_by, l.title, c.name, l.teacher_id,
	r.started_at, r.ended_at, r.complete_at, r.published, r.deleted_at
	from recordings r join lessons l on l.id = r.lesson_id join classes c on c.id = r.class_id `

// AddRecording makes a recording; repeating it is harmless.
func (t *Tx) AddRecording(r Recording) error {
	_, err := t.exec("add recording", `insert into recordings
		(id, school_id, lesson_id, class_id, started_by, started_at, published)
		values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing`,
		r.ID, t.school, r.LessonID, r.ClassID, r.StartedBy, r.StartedAt.UTC(), r.Published)
	return err
}

// Recording gives one recording, deleted or not (DeletedAt says).
func (t *Tx) Recording(id uuid.UUID) (Recording, error) {
	return one(t, "read recording", pgx.RowToStructByPos[Recording], recordingQuery+`where r.id = $1`, id)
}

// Recordings lists those that are not deleted, newest first, up to limit (at most 1000). classes nil: of all classes;
// empty: none.
func (t *Tx) Recordings(classes []uuid.UUID, limit int) ([]Recording, error) {
	return many(t, "list recordings", pgx.RowToStructByPos[Recording], recordingQuery+`
		where r.deleted_at is null and ($1::uuid[] is null or r.class_id = any($1))
		order by r.started_at desc, r.id limit $2`, classes, count(limit))
}

// RecordingOfLesson lists the lesson's recordings that are not deleted, oldest first.
func (t *Tx) RecordingOfLesson(lesson uuid.UUID) ([]Recording, error) {
	return many(t, "list recordings of lesson", pgx.RowToStructByPos[Recording], recordingQuery+`
		where r.lesson_id = $1 and r.deleted_at is null order by r.started_at, r.id limit $2`, lesson, maxRows)
}

// EndRecording notes the end, once; the first time counts.
func (t *Tx) EndRecording(id uuid.UUID, now time.Time) error {
	return t.must("end recording", `update recordings set ended_at = coalesce(ended_at, $2) where id = $1`, id, now.UTC())
}

// CompleteRecording notes that every object is stored and indexed; the first time counts.
func (t *Tx) CompleteRecording(id uuid.UUID, now time.Time) error {
	return t.must("complete recording", `update recordings set complete_at = coalesce(complete_at, $2) where id = $1`,
		id, now.UTC())
}

// DeleteRecording hides the recording and erases the wrapped keys of its tracks: from the commit on, what the store
// still holds cannot be read. Nothing can be added to it afterwards.
func (t *Tx) DeleteRecording(id uuid.UUID, now time.Time) error {
	err := t.must("delete recording", `update recordings set deleted_at = coalesce(deleted_at, $2) where id = $1`,
		id, now.UTC())
	if err != nil {
		return err
	}
	_, err = t.exec("erase keys", `update recording_tracks set wrapped_key = null where recording_id = $1`, id)
	return err
}

// living takes the recording against a deletion in parallel: a key or segment added after it would outlive it.
const living = `from recordings r where r.deleted_at is null `

// added tells "was there already" from "the recording is deleted or unknown".
func (t *Tx) added(doing string, n int64, err error, recordingOf string, id uuid.UUID) error {
	if err != nil || n > 0 {
		return err
	}
	there, err := one(t, doing, pgx.RowTo[bool], `select exists (select 1 `+living+recordingOf+`)`, id)
	if err == nil && !there {
		err = fmt.Errorf("%w: %s: recording is deleted or unknown", ErrNotFound, doing)
	}
	return err
}

const (
	byRecording = `and r.id = $1`
	byTrack     = `and r.id = (select recording_id from recording_tracks where id = $1)`
)

// AddTrack keeps a track; repeating it is harmless. ErrNotFound: the recording is deleted or unknown.
func (t *Tx) AddTrack(tr Track) error {
	n, err := t.exec("add track", `insert into recording_tracks
		(recording_id, school_id, id, person_id, source, codec, wrapped_key)
		select r.id, r.school_id, $2, $3, $4, $5, $6 `+living+byRecording+` for share on conflict (id) do nothing`,
		tr.RecordingID, tr.ID, tr.PersonID, tr.Source, tr.Codec, tr.WrappedKey)
	return t.added("add track", n, err, byRecording, tr.RecordingID)
}

// AddInit keeps an initialisation section; repeating it is harmless. ErrNotFound as [Tx.AddTrack].
func (t *Tx) AddInit(i Init) error {
	n, err := t.exec("add init", `insert into recording_inits
		(track_id, school_id, id, object, iv, sha256, bytes, codecs, width, height)
		select $1, r.school_id, $2, $3, $4, $5, $6, $7, $8, $9 `+living+byTrack+` for share on conflict (id) do nothing`,
		i.TrackID, i.ID, i.Object, i.IV, i.SHA256, i.Bytes, i.Codecs, i.Width, i.Height)
	return t.added("add init", n, err, byTrack, i.TrackID)
}

// AddSegment keeps a segment; repeating it is harmless. ErrNotFound as [Tx.AddTrack]; ErrConflict: another segment has
// this number in the track.
func (t *Tx) AddSegment(s Segment) error {
	n, err := t.exec("add segment", `insert into recording_segments (track_id, school_id, id, init_id, seq, start_us,
		duration_us, independent, object, iv, sha256, bytes, anchor_rtp, anchor_ntp, anchor_server)
		select $1, r.school_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 `+living+byTrack+`
		for share on conflict (id) do nothing`,
		s.TrackID, s.ID, s.InitID, s.Seq, s.StartUS, s.DurationUS, s.Independent, s.Object, s.IV, s.SHA256, s.Bytes,
		s.AnchorRTP, utc(s.AnchorNTP), s.AnchorServer.UTC())
	return t.added("add segment", n, err, byTrack, s.TrackID)
}

// AddStageSpan keeps who was on stage from a moment on; the first span of a number counts.
func (t *Tx) AddStageSpan(recording uuid.UUID, s StageSpan) error {
	n, err := t.exec("add stage span", `insert into recording_stage (recording_id, school_id, seq, start_us, track_id)
		select r.id, r.school_id, $2, $3, $4 `+living+byRecording+` for share on conflict (recording_id, seq) do nothing`,
		recording, s.Seq, s.StartUS, s.TrackID)
	return t.added("add stage span", n, err, byRecording, recording)
}

// AddEvent keeps an event; the first of a number counts. Data empty: {}.
func (t *Tx) AddEvent(recording uuid.UUID, e Event) error {
	data := "{}"
	if len(e.Data) > 0 {
		data = string(e.Data)
	}
	n, err := t.exec("add event", `insert into recording_events (recording_id, school_id, seq, at_us, kind, person_id, data)
		select r.id, r.school_id, $2, $3, $4, $5, $6::jsonb `+living+byRecording+`
		for share on conflict (recording_id, seq) do nothing`,
		recording, e.Seq, e.AtUS, e.Kind, e.PersonID, data)
	return t.added("add event", n, err, byRecording, recording)
}
