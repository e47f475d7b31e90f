package recorder

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
	"github.com/zvonok/zvonok/storage/policy"
)

// nobody hears what the room has to say.
type nobody struct{}

func (nobody) SlotsChanged(media.ParticipantID, []sfu.Occupant)           {}
func (nobody) SpeakersChanged(media.ParticipantID, []media.ParticipantID) {}
func (nobody) LegChanged(media.ParticipantID, sfu.Leg, sfu.LegState)      {}
func (nobody) CodecChanged(media.Codec)                                   {}
func exchangeWith(m sfu.Member) sfutest.Exchange {
	return func(ctx context.Context, offer string) (string, error) {
		return m.Publish(ctx, sfu.Publication{Offer: offer, Allowed: [media.Sources]bool{true, true, true, true}})
	}
}

// publishReal connects a Pion client that sends a camera (when there is a clip) and a tone.
func publishReal(t *testing.T, room *sfu.Room, id uuid.UUID, clip *testmedia.Clip, sound [][]byte) {
	t.Helper()
	m, err := room.Join(t.Context(), media.ParticipantID(id.String()), sfu.Capabilities{
		Decode: []sfu.Decoder{{Codec: media.H264}}, Encode: []media.Codec{media.H264},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := sfutest.NewPublisher(sfutest.Options{Codecs: []media.Codec{media.H264}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := p.Connect(ctx, exchangeWith(m)); err != nil {
		t.Fatal(err)
	}
	m.SetSource(media.Microphone, true)
	begun, n := time.Now(), 0
	p.Every(20*time.Millisecond, func(now time.Time) bool {
		for ; time.Since(begun) >= time.Duration(n)*20*time.Millisecond; n++ {
			if n%50 == 0 {
				_ = p.Microphone.Report(uint32(n*960), begun.Add(time.Duration(n)*20*time.Millisecond))
			}
			if p.Microphone.Write(sfutest.Packet{TS: uint32(n * 960), Payload: sound[n%len(sound)], Level: 20}) != nil {
				return false
			}
		}
		return true
	})
	if clip == nil {
		return
	}
	m.SetSource(media.Camera, true)
	pack, frame, i := testmedia.NewPacketizer(media.H264, 0), 0, 0
	p.Every(time.Second/time.Duration(clip.FPS), func(now time.Time) bool {
		select {
		case <-p.Camera[0].Keyframe():
			frame = 0
		default:
		}
		if frame == len(clip.Frames) {
			frame = 0
		}
		ts := uint32(now.Sub(begun) * 90000 / time.Second)
		if i++; i%15 == 1 {
			_ = p.Camera[0].Report(ts, now)
		}
		for _, pk := range pack.Packets(clip.Frames[frame], uint64(ts), frame == 0) {
			if p.Camera[0].Write(sfutest.Packet{TS: ts, Marker: pk.Marker, Payload: pk.Payload}) != nil {
				return false
			}
		}
		frame++
		return true
	})
}

// A recorded lesson for real: Pion clients, the SFU, PostgreSQL, a folder.
func TestRealLesson(t *testing.T) {
	clip := testmedia.Video(t, media.H264, "640x360", 15, 450)
	c := catalogtest.Open(t)
	demo := catalogtest.School(t, c)
	lesson := demo.Lesson(t, c)
	server, err := sfu.NewServer(sfu.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	room, err := server.OpenRoom(media.RoomID(lesson.ID.String()), nobody{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := blob.NewFolder(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	master := [32]byte{1, 2}
	r, err := New(Config{
		Spool: filepath.Join(t.TempDir(), "spool"), Store: store, Catalog: c, MasterKey: master,
		Rooms: func(id media.RoomID) (TapPoint, bool) {
			room, ok := server.Room(id)
			return room, ok
		},
		MayRecord: func(context.Context, uuid.UUID, uuid.UUID, media.ParticipantID, media.Source) policy.Record {
			return policy.RecordAlways
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	publishReal(t, room, demo.Teacher.ID, &clip, tone(t, 500))
	publishReal(t, room, demo.Students[0].ID, nil, tone(t, 900))
	id, err := r.Start(t.Context(), StartRequest{
		School: demo.School.ID, Lesson: lesson.ID, Class: demo.Class.ID, StartedBy: demo.Teacher.ID,
	})
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(7 * time.Second) // a lesson, not a wait for something
	stopped := time.Now()
	if err := r.Stop(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	res := readRecording(t, c, store, master, demo.School.ID, id)
	t.Logf("complete %v after the end", time.Since(stopped))
	if d := time.Since(stopped); d > 5*time.Second {
		t.Errorf("complete %v after the end", d)
	}
	checkReal(t, res, demo.Teacher.ID.String())
	if err := r.Delete(t.Context(), demo.School.ID, id); err != nil {
		t.Fatal(err)
	}
	in(t, c, demo.School.ID, func(tx *catalog.Tx) error {
		tracks, err := tx.Tracks(id)
		for _, tr := range tracks {
			if tr.WrappedKey != nil {
				t.Error("a key outlived its recording")
			}
		}
		return err
	})
	if left, err := store.List(t.Context(), "recordings/", "", 10); err != nil || len(left) > 0 {
		t.Errorf("%d objects left, %v", len(left), err)
	}
}

func in(t *testing.T, c *catalog.Catalog, school uuid.UUID, f func(tx *catalog.Tx) error) {
	t.Helper()
	if err := c.In(t.Context(), school, f); err != nil {
		t.Fatal(err)
	}
}

// readRecording waits until the recording is complete and reads its rows.
func readRecording(t *testing.T, c *catalog.Catalog, store blob.Store, master [32]byte, school, id uuid.UUID) *result {
	t.Helper()
	res := &result{t: t, master: master, store: store}
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(20 * time.Millisecond) {
		complete := false
		in(t, c, school, func(tx *catalog.Tx) error {
			rec, err := tx.Recording(id)
			if err != nil || rec.CompleteAt == nil {
				return err
			}
			complete = true
			res.StartedAt, res.Duration = rec.StartedAt, rec.EndedAt.Sub(rec.StartedAt)
			res.Tracks, err = tx.Tracks(id)
			if err == nil {
				res.Inits, err = tx.Inits(id)
			}
			if err == nil {
				res.Segments, err = tx.Segments(id)
			}
			if err == nil {
				res.Stage, err = tx.Stage(id)
			}
			return err
		})
		if complete {
			return res
		}
		if time.Now().After(deadline) {
			t.Fatal("the recording did not become complete")
		}
	}
}

func checkReal(t *testing.T, res *result, teacher string) {
	t.Helper()
	pcm := res.pcm(res.of("", "mix"))
	for _, hz := range []float64{500, 900} {
		if p := power(pcm, hz, 2*time.Second, 6*time.Second); !(p > 0.005) {
			t.Errorf("%v Hz is not in the mix: power %g", hz, p)
		}
	}
	pics := res.pictures(res.of(teacher, "camera"))
	res.continuous("camera", pics, time.Millisecond)
	if len(pics) < 80 {
		t.Errorf("%d pictures", len(pics))
	}
	if len(res.Stage) < 2 || res.Stage[1].TrackID == nil || res.Stage[1].StartUS > 1_500_000 {
		t.Errorf("stage %+v", res.Stage)
	}
	dir := res.vod()
	for playlist, want := range map[string]int{"video.m3u8": 80, "audio.m3u8": 340} {
		if frames, complaints := decode(t, filepath.Join(dir, playlist)); frames < want || complaints != "" {
			t.Errorf("%s: %d frames\n%s", playlist, frames, complaints)
		}
	}
}
