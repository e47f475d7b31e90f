package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

// panicky hears a room; armed, it panics on the room's goroutine.
type panicky struct{ armed atomic.Bool }

func (*panicky) SlotsChanged(media.ParticipantID, []sfu.Occupant)           {}
func (*panicky) SpeakersChanged(media.ParticipantID, []media.ParticipantID) {}
func (*panicky) CodecChanged(media.Codec)                                   {}
func (p *panicky) LegChanged(media.ParticipantID, sfu.Leg, sfu.LegState) {
	if p.armed.Swap(false) {
		panic("on purpose")
	}
}

// inProcess starts a server's parts without printing anything.
func inProcess(t *testing.T) *server {
	t.Helper()
	args := []string{"--data", t.TempDir(), "--listen", "127.0.0.1:0", "--https-listen", "", "--media-listen", "127.0.0.1:0"}
	s, err := readSettings(map[string]string{"ZVONOK_DATABASE_URL": catalogtest.URL(t)}, args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	srv := &server{settings: s, out: io.Discard, log: slog.New(slog.DiscardHandler)}
	t.Cleanup(func() {
		if err := srv.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := srv.bind(); err != nil {
		t.Fatal(err)
	}
	if err := srv.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return srv
}

// talk publishes a microphone that sends silence, which is sound enough to record.
func talk(t *testing.T, room sfu.Conference, who media.ParticipantID) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m, err := room.Join(ctx, who, sfu.Capabilities{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := sfutest.NewPublisher(sfutest.Options{Codecs: []media.Codec{media.H264}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	err = p.Connect(ctx, func(ctx context.Context, offer string) (string, error) {
		return m.Publish(ctx, sfu.Publication{Offer: offer, Allowed: [media.Sources]bool{true, true, true, true}})
	})
	if err != nil {
		t.Fatal(err)
	}
	m.SetSource(media.Microphone, true)
	n := uint32(0)
	p.Every(20*time.Millisecond, func(time.Time) bool {
		n++
		return p.Microphone.Write(sfutest.Packet{TS: n * 960, Payload: []byte{0xf8, 0xff, 0xfe}, Level: 20}) == nil
	})
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// TestTheRecorderHearsOfARoomOpenedAnew: rooms and recorder are joined here, so it is here that a recording must be
// carried over to the media that replaces what a panic ended.
func TestTheRecorderHearsOfARoomOpenedAnew(t *testing.T) {
	srv := inProcess(t)
	demo := catalogtest.School(t, srv.catalog)
	lesson := demo.Lesson(t, srv.catalog)
	id, who := media.RoomID(lesson.ID.String()), media.ParticipantID(demo.Teacher.ID.String())
	ears := &panicky{}
	room, err := srv.openRoom(id, ears)
	if err != nil {
		t.Fatal(err)
	}
	talk(t, room, who)
	recording, err := srv.recorder.Start(t.Context(), recorder.StartRequest{
		School: demo.School.ID, Lesson: lesson.ID, Class: demo.Class.ID, StartedBy: demo.Teacher.ID,
	})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "packets are recorded", func() bool { return srv.media.Stats().Tapped > 0 })
	ears.armed.Store(true)
	late, err := room.Join(t.Context(), "someone", sfu.Capabilities{})
	if err != nil {
		t.Fatal(err)
	}
	other, err := sfutest.NewPublisher(sfutest.Options{Codecs: []media.Codec{media.H264}})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() //nolint:errcheck // its room is gone
	_ = other.Connect(t.Context(), func(ctx context.Context, offer string) (string, error) {
		_, err := late.Publish(ctx, sfu.Publication{Offer: offer})
		until(t, "the room ends", func() bool { _, ok := srv.media.Room(id); return !ok })
		return "", errors.Join(err, sfu.ErrClosed)
	})
	if err := room.Close(); err != nil {
		t.Error(err)
	}
	before := srv.media.Stats().Tapped
	if room, err = srv.openRoom(id, &panicky{}); err != nil {
		t.Fatal(err)
	}
	talk(t, room, who)
	until(t, "a second of packets is recorded again", func() bool { return srv.media.Stats().Tapped >= before+50 })
	if err := srv.recorder.Stop(t.Context(), recording); err != nil {
		t.Fatal(err)
	}
	until(t, "the recording is one, with a gap and sound after it", func() (done bool) {
		err := srv.catalog.In(t.Context(), demo.School.ID, func(tx *catalog.Tx) (err error) {
			done, err = goesOn(tx, recording)
			return err
		})
		return err == nil && done
	})
}

// goesOn says whether the recording is complete and has a gap and a microphone's segment behind it.
func goesOn(tx *catalog.Tx, recording uuid.UUID) (bool, error) {
	rec, err := tx.Recording(recording)
	if err != nil || rec.CompleteAt == nil {
		return false, err
	}
	tracks, err := tx.Tracks(recording)
	if err != nil {
		return false, err
	}
	events, err := tx.Events(recording)
	if err != nil {
		return false, err
	}
	segments, err := tx.Segments(recording)
	gap := slices.IndexFunc(events, func(e catalog.Event) bool { return e.Kind == "gap" })
	return gap >= 0 && slices.ContainsFunc(segments, func(s catalog.Segment) bool {
		return s.StartUS > events[gap].AtUS && slices.ContainsFunc(tracks, func(t catalog.Track) bool {
			return t.ID == s.TrackID && t.Source == "microphone"
		})
	}), err
}
