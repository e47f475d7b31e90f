package recorder

import (
	"context"
	"encoding/json"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
	"github.com/zvonok/zvonok/storage/policy"
)

// hostile is a room whose tap fails on purpose once it is armed: a mistake in the media plane of this room alone.
type hostile struct {
	*sfu.Room
	fuse *fuse
}

// fuse panics once: at the next packet of the tap's shard, or at the next thing that the room's goroutine says.
type fuse struct{ packet, room atomic.Bool }

func (h hostile) SetTap(t sfu.Tap) {
	if t != nil {
		t = hostileTap{t, h.fuse}
	}
	h.Room.SetTap(t)
}

type hostileTap struct {
	sfu.Tap
	fuse *fuse
}

func (h hostileTap) Open(src sfu.TapSource) sfu.TapTrack {
	if h.fuse.room.Swap(false) {
		panic("on purpose")
	}
	return hostileTrack{h.Tap.Open(src), h.fuse}
}

type hostileTrack struct {
	sfu.TapTrack
	fuse *fuse
}

func (h hostileTrack) Packet(p *media.Packet) {
	if h.fuse.packet.Swap(false) {
		panic("on purpose")
	}
	h.TapTrack.Packet(p)
}

// savedUpTo remembers how far the room was told that the recording is durable.
type savedUpTo struct {
	mu sync.Mutex
	at time.Time
}

func (s *savedUpTo) after(t time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at.After(t)
}

func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// A panic ends the room's media; whoever joins next opens it anew. The light stays on, so the recording goes on: the
// same one, with the gap marked, and what is sent after it is read back.
func TestRecordingFollowsARoomThatWasOpenedAnew(t *testing.T) {
	for _, where := range []string{"shard", "room"} {
		t.Run(where, func(t *testing.T) { followsAnew(t, where) })
	}
}

func followsAnew(t *testing.T, where string) {
	clip := testmedia.Video(t, media.H264, "640x360", 15, 450)
	c := catalogtest.Open(t)
	demo := catalogtest.School(t, c)
	lesson := demo.Lesson(t, c)
	server, err := sfu.NewServer(sfu.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	store, err := blob.NewFolder(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	master, trap := [32]byte{1, 2}, &fuse{}
	r, err := New(Config{
		Spool: filepath.Join(t.TempDir(), "spool"), Store: store, Catalog: c, MasterKey: master,
		Rooms: func(id media.RoomID) (TapPoint, bool) {
			room, ok := server.Room(id)
			return hostile{room, trap}, ok
		},
		MayRecord: func(context.Context, uuid.UUID, uuid.UUID, media.ParticipantID, media.Source) policy.Record {
			return policy.RecordAlways
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	saved := &savedUpTo{}
	r.OnSaved(func(_, _ uuid.UUID, upTo time.Time, _ string) { saved.mu.Lock(); saved.at = upTo; saved.mu.Unlock() })
	open := func() *sfu.Room {
		room, err := server.OpenRoom(media.RoomID(lesson.ID.String()), nobody{})
		if err != nil {
			t.Fatal(err)
		}
		r.Reopened(lesson.ID)
		return room
	}
	room := open()
	publishReal(t, room, demo.Teacher.ID, &clip, tone(t, 500))
	id, err := r.Start(t.Context(), StartRequest{School: demo.School.ID, Lesson: lesson.ID, Class: demo.Class.ID, StartedBy: demo.Teacher.ID})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	within(t, "three seconds are saved", func() bool { return saved.after(begun.Add(3 * time.Second)) })

	trap.packet.Store(where == "shard")
	if trap.room.Store(where == "room"); where == "room" {
		publishReal(t, room, demo.Students[0].ID, nil, tone(t, 900)) // its opening blows up
	}
	within(t, "the room ends", func() bool { _, ok := server.Room(room.ID()); return !ok })
	failed := time.Now()
	if server.Stats().RecoveredPanic == 0 {
		t.Error("the panic was not counted")
	}
	if err := room.Close(); err != nil {
		t.Error(err)
	}
	within(t, "a second passes in which nobody is back", func() bool { return saved.after(failed.Add(time.Second)) })
	room = open()
	publishReal(t, room, demo.Teacher.ID, &clip, tone(t, 700))
	again := time.Now()
	within(t, "three more seconds are saved", func() bool { return saved.after(again.Add(3 * time.Second)) })
	if f := r.Stats(); f.Running != 1 || f.Tracks < 3 || f.Gaps != 1 || f.WrittenBytes == 0 || f.Delay.Count < 6 || f.Delay.UpTo[6] == 0 || f.MixLag > time.Second {
		t.Errorf("figures %+v", f)
	}
	if err := r.Stop(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	res := readRecording(t, c, store, master, demo.School.ID, id)
	in(t, c, demo.School.ID, func(tx *catalog.Tx) (err error) {
		res.events, err = tx.Events(id)
		return err
	})
	res.sort()
	checkFollowed(t, res, failed.Sub(res.StartedAt), again.Sub(res.StartedAt))
}

func checkFollowed(t *testing.T, res *result, failed, again time.Duration) {
	t.Helper()
	var gap struct {
		ToUS int64 `json:"to_us"`
	}
	if len(res.events) != 1 || res.events[0].Kind != "gap" || json.Unmarshal(res.events[0].Data, &gap) != nil {
		t.Fatalf("events %+v", res.events)
	}
	from, to := time.Duration(res.events[0].AtUS)*time.Microsecond, time.Duration(gap.ToUS)*time.Microsecond
	if d := failed - from; d < -100*time.Millisecond || d > 500*time.Millisecond || to-from < time.Second || to > again {
		t.Errorf("a gap from %v to %v; the room failed before %v, publishers were back at %v", from, to, failed, again)
	}
	pics := res.pictures(res.of("", "camera"))
	before, after := 0, 0
	for _, p := range pics {
		switch {
		case p.at <= from+100*time.Millisecond:
			before++
		case p.at >= to:
			after++
		default:
			t.Errorf("a picture at %v in the gap", p.at)
		}
	}
	if before < 40 || after < 40 {
		t.Errorf("%d pictures before the gap, %d after it", before, after)
	}
	res.continuous("mix", res.pictures(res.of("", "mix")), 0)
	pcm := res.pcm(res.of("", "mix"))
	for _, c := range []struct {
		hz       float64
		from, to time.Duration
		heard    bool
	}{
		{500, from - 2*time.Second, from - 100*time.Millisecond, true}, {500, from + 500*time.Millisecond, to, false},
		{700, again + time.Second, again + 2500*time.Millisecond, true}, {500, again + time.Second, again + 2500*time.Millisecond, false},
	} {
		if p := power(pcm, c.hz, c.from, c.to); (p > 0.005) != c.heard {
			t.Errorf("%v Hz from %v to %v: power %g", c.hz, c.from, c.to, p)
		}
	}
	if frames, complaints := decode(t, filepath.Join(res.vod(), "video.m3u8")); frames < 80 || complaints != "" {
		t.Errorf("%d pictures\n%s", frames, complaints)
	}
}
