package catalog

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	trackQuery = `select t.id, t.recording_id, t.person_id, coalesce(p.name, ''), t.source, t.codec, t.wrapped_key
		from recording_tracks t left join people p on p.id = t.person_id `
	initQuery = `select i.id, i.track_id, i.object, i.iv, i.sha256, i.bytes, i.codecs, i.width, i.height
		from recording_inits i join recording_tracks t on t.id = i.track_id `
	segmentQuery = `select s.id, s.track_id, s.init_id, s.seq, s.start_us, s.duration_us, s.independent, s.object, s.iv,
		s.sha256, s.bytes, s.anchor_rtp, s.anchor_ntp, s.anchor_server
		from recording_segments s join recording_tracks t on t.id = s.track_id `
)

// Tracks lists a recording's tracks; WrappedKey is nil after deletion.
func (t *Tx) Tracks(recording uuid.UUID) ([]Track, error) {
	return many(t, "list tracks", pgx.RowToStructByPos[Track], trackQuery+`where t.recording_id = $1 order by t.id`, recording)
}

// Track gives one track of a recording.
func (t *Tx) Track(recording, id uuid.UUID) (Track, error) {
	return one(t, "read track", pgx.RowToStructByPos[Track],
		trackQuery+`where t.recording_id = $1 and t.id = $2`, recording, id)
}

// Inits lists the initialisation sections of a recording's tracks.
func (t *Tx) Inits(recording uuid.UUID) ([]Init, error) {
	return many(t, "list inits", pgx.RowToStructByPos[Init],
		initQuery+`where t.recording_id = $1 order by i.track_id, i.id`, recording)
}

// Init gives one initialisation section of a recording.
func (t *Tx) Init(recording, id uuid.UUID) (Init, error) {
	return one(t, "read init", pgx.RowToStructByPos[Init], initQuery+`where t.recording_id = $1 and i.id = $2`, recording, id)
}

// Segments lists the segments of a recording, track by track, each in the order of its numbers.
func (t *Tx) Segments(recording uuid.UUID) ([]Segment, error) {
	return many(t, "list segments", pgx.RowToStructByPos[Segment],
		segmentQuery+`where t.recording_id = $1 order by s.track_id, s.seq`, recording)
}

// Segment gives one segment of a recording.
func (t *Tx) Segment(recording, id uuid.UUID) (Segment, error) {
	return one(t, "read segment", pgx.RowToStructByPos[Segment],
		segmentQuery+`where t.recording_id = $1 and s.id = $2`, recording, id)
}

// Stage lists who was on stage, in order.
func (t *Tx) Stage(recording uuid.UUID) ([]StageSpan, error) {
	return many(t, "list stage", pgx.RowToStructByPos[StageSpan],
		`select seq, start_us, track_id from recording_stage where recording_id = $1 order by seq`, recording)
}

// Events lists what happened, in order.
func (t *Tx) Events(recording uuid.UUID) ([]Event, error) {
	return many(t, "list events", pgx.RowToStructByPos[Event],
		`select seq, at_us, kind, person_id, data from recording_events where recording_id = $1 order by seq`, recording)
}

// SetView keeps where a person stopped watching, in microseconds.
func (t *Tx) SetView(recording, person uuid.UUID, atUS int64, now time.Time) error {
	_, err := t.exec("set view", `insert into recording_views (school_id, recording_id, person_id, at_us, seen_at)
		values ($1, $2, $3, $4, $5)
		on conflict (recording_id, person_id) do update set at_us = excluded.at_us, seen_at = excluded.seen_at`,
		t.school, recording, person, atUS, now.UTC())
	return err
}

// View gives where a person stopped watching, in microseconds; 0 for who has not begun.
func (t *Tx) View(recording, person uuid.UUID) (int64, error) {
	at, err := one(t, "read view", pgx.RowTo[int64],
		`select at_us from recording_views where recording_id = $1 and person_id = $2`, recording, person)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return at, err
}
