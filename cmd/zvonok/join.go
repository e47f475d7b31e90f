package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/recorder"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// join makes the recorder and the rooms, and joins the two: they never meet otherwise.
func (s *server) join() (err error) {
	s.recorder, err = recorder.New(recorder.Config{
		Spool: filepath.Join(s.settings.Data, "spool"), Store: s.objects, Catalog: s.catalog, MasterKey: s.key.bytes,
		Rooms: s.tapPoint, MayRecord: s.mayRecord, Logger: s.log.With("part", "recorder"),
	})
	if err != nil {
		return fmt.Errorf("recorder: %w", err)
	}
	s.rooms, err = signaling.New(signaling.Config{
		Catalog: s.catalog, Media: s.openRoom, Recorder: roomRecorder{s.recorder}, Logger: s.log.With("part", "signaling"),
		Build: build, Origins: s.origins(), Relays: s.relays,
	})
	if err != nil {
		return fmt.Errorf("rooms: %w", err)
	}
	s.recorder.OnSaved(func(lesson, recording uuid.UUID, upTo time.Time, trouble string) {
		s.rooms.Saved(lesson, recording, upTo, trouble)
	})
	s.watched.Store(&watched{s.recorder, s.rooms})
	return nil
}

// origins are the hosts that a browser may come from besides the one that the request names: a proxy may rewrite it.
func (s *server) origins() []string {
	u, err := url.Parse(s.settings.PublicURL)
	if err != nil || u.Host == "" {
		return nil
	}
	return []string{u.Host}
}

// openRoom opens a lesson's media. The room before may have ended by a mistake of ours while the lesson was recorded:
// the recorder hears of the new one before anybody is in it.
func (s *server) openRoom(id media.RoomID, events sfu.Events) (sfu.Conference, error) {
	room, err := s.media.OpenRoom(id, events)
	if err != nil {
		return nil, err // not a typed nil
	}
	if lesson, err := uuid.Parse(string(id)); err == nil {
		s.recorder.Reopened(lesson)
	}
	return room, nil
}

func (s *server) tapPoint(id media.RoomID) (recorder.TapPoint, bool) {
	room, ok := s.media.Room(id)
	if !ok {
		return nil, false
	}
	return room, true
}

// mayRecord asks the policy about one source of one person, as the catalog knows them now. Whatever cannot be found out
// is not recorded.
func (s *server) mayRecord(ctx context.Context, school, lesson uuid.UUID, who media.ParticipantID, source media.Source) policy.Record {
	person, err := uuid.Parse(string(who))
	if err != nil {
		return policy.RecordNever
	}
	answer := policy.RecordNever
	err = s.catalog.In(ctx, school, func(tx *catalog.Tx) error {
		p, err := tx.Person(person)
		if err != nil {
			return err
		}
		l, err := tx.Lesson(lesson)
		if err != nil {
			return err
		}
		answer = policy.MayRecord(api.Subject(p), source.String(), api.LessonObject(l, false))
		return nil
	})
	if err != nil {
		s.log.Error("not recorded: the policy's facts are away", "participant", who, "err", err)
		return policy.RecordNever
	}
	return answer
}

// roomRecorder is the recorder as rooms see it.
type roomRecorder struct{ *recorder.Recorder }

// Start begins or continues a lesson's recording.
func (r roomRecorder) Start(ctx context.Context, req signaling.StartRequest) (uuid.UUID, error) {
	return r.Recorder.Start(ctx, recorder.StartRequest(req))
}
