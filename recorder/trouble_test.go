package recorder

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/recorder/replay"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/policy"
)

// inBubble runs a story in simulated time; what it returns is looked at in real time.
func inBubble(t *testing.T, story func(g *rig) *result) *result {
	t.Helper()
	dir := t.TempDir()
	var r *result
	synctest.Test(t, func(bt *testing.T) {
		g := newRig(bt, dir)
		r = story(g)
		for _, p := range g.room.pubs {
			close(p.stopCh)
			<-p.done
		}
		if err := g.rec.Close(); err != nil {
			bt.Error(err)
		}
	})
	if r != nil {
		r.t = t
	}
	return r
}

func (g *rig) teacher(clip testmedia.Clip) (camera, voice *publisher) {
	id := person()
	camera = g.room.publish(&publisher{id: id, source: media.Camera, codec: clip.Codec, clip: clip})
	voice = g.room.publish(&publisher{id: id, source: media.Microphone, codec: media.Opus, sound: g.tone})
	return camera, voice
}

func TestStoreAndDatabaseAway(t *testing.T) {
	clip, sound := testmedia.Video(t, media.H264, "320x180", 15, 450), tone(t, 600)
	var troubles map[string]int
	r := inBubble(t, func(g *rig) *result {
		g.tone = sound
		troubles = map[string]int{}
		var mu sync.Mutex
		g.rec.OnSaved(func(lesson, recording uuid.UUID, upTo time.Time, trouble string) {
			mu.Lock()
			defer mu.Unlock()
			if lesson != g.req.Lesson || recording == uuid.Nil || time.Since(upTo) > 1100*time.Millisecond {
				g.t.Errorf("saved %v %v up to %v ago", lesson, recording, time.Since(upTo))
			}
			troubles[trouble]++
		})
		g.store.away.Store(true)
		g.index.set(func() { g.index.away = true })
		g.teacher(clip)
		g.start()
		time.Sleep(20 * time.Second)
		g.index.set(func() { g.index.away = false })
		time.Sleep(20 * time.Second)
		g.index.set(func() { g.index.away = true })
		g.store.away.Store(false)
		time.Sleep(20 * time.Second)
		g.stop()
		time.Sleep(time.Minute)
		g.index.set(func() { g.index.away = false })
		g.settle()
		return g.result()
	})
	mix := r.pictures(r.of("", "mix"))
	r.continuous("mix", mix, 0)
	if d := mix[len(mix)-1].at; d < 59*time.Second {
		t.Errorf("mix ends at %v", d)
	}
	pics := r.pictures(r.of("", "camera"))
	r.continuous("camera", pics, time.Millisecond)
	if len(pics) < 59*15 {
		t.Errorf("%d pictures", len(pics))
	}
	if troubles["storage_away"] < 25 || troubles["storage_away"] > 55 || troubles["disk_full"] > 0 || troubles["overload"] > 0 {
		t.Errorf("told: %v", troubles)
	}
}

// The program is killed, three seconds later it continues the same recording.
func TestRestartContinues(t *testing.T) {
	clip, sound := testmedia.Video(t, media.H264, "320x180", 15, 450), tone(t, 600)
	r := inBubble(t, func(g *rig) *result {
		g.tone = sound
		g.teacher(clip)
		g.start()
		first := g.id
		time.Sleep(7300 * time.Millisecond)
		g.kill()
		time.Sleep(3 * time.Second)
		g.open()
		g.start()
		if g.id != first {
			g.t.Errorf("continued as %v", g.id)
		}
		time.Sleep(6 * time.Second)
		g.stop()
		g.settle()
		return g.result()
	})
	mix := r.pictures(r.of("", "mix"))
	r.continuous("mix", mix, 0)
	pics := r.pictures(r.of("", "camera"))
	var gap time.Duration
	for i := 1; i < len(pics); i++ {
		gap = max(gap, pics[i].at-pics[i-1].at)
		if pics[i].at <= pics[i-1].at {
			t.Errorf("backwards at %v", pics[i].at)
		}
	}
	if gap < 2900*time.Millisecond || gap > 3600*time.Millisecond {
		t.Errorf("the gap is %v", gap)
	}
	if len(r.events) != 1 || r.events[0].Kind != "gap" || r.events[0].AtUS < 7e6 || r.events[0].AtUS > 7.4e6 {
		t.Errorf("%+v", r.events)
	}
	pcm := r.pcm(r.of("", "mix"))
	if p := power(pcm, 600, 8*time.Second, 10*time.Second); p > 0.001 {
		t.Errorf("sound in the gap: %g", p)
	}
	for _, at := range []time.Duration{5 * time.Second, 12 * time.Second} {
		if p := power(pcm, 600, at, at+time.Second); !(p > 0.01) {
			t.Errorf("no sound at %v: %g", at, p)
		}
	}
	if d := r.Duration; d < 16200*time.Millisecond || d > 16400*time.Millisecond {
		t.Errorf("duration %v", d)
	}
	frames, complaints := decode(t, filepath.Join(r.vod(), "video.m3u8"))
	if frames < 13*15 || complaints != "" {
		t.Errorf("%d pictures\n%s", frames, complaints)
	}
}

// kill ends the recorder as SIGKILL would: nothing is flushed, nothing is closed.
func (g *rig) kill() {
	g.rec.mu.Lock()
	g.rec.closed = true
	sessions, ups := values(g.rec.sessions), values(g.rec.uploaders)
	g.rec.mu.Unlock()
	for _, s := range sessions {
		s.commands <- func() { s.ended = true }
		<-s.stopped
	}
	// Only now: a source that ends before its session would have its segment closed, which a SIGKILL does not do.
	g.room.SetTap(nil)
	g.rec.cancel()
	for _, u := range ups {
		<-u.done
	}
	g.rec.running.Wait()
	_ = g.rec.root.Close()
}

func TestNobodyContinues(t *testing.T) {
	clip, sound := testmedia.Video(t, media.H264, "320x180", 15, 450), tone(t, 600)
	r := inBubble(t, func(g *rig) *result {
		g.tone = sound
		g.teacher(clip)
		g.start()
		time.Sleep(5 * time.Second)
		g.kill()
		g.open()
		time.Sleep(30 * time.Second)
		g.index.set(func() {
			if g.index.ended != nil {
				g.t.Error("ended while the lesson went on")
			}
			g.index.over = true
		})
		g.settle()
		return g.result()
	})
	if r.Duration < 4500*time.Millisecond || r.Duration > 5100*time.Millisecond {
		t.Errorf("duration %v", r.Duration)
	}
}

// A lost packet: VP9 writes nothing until the keyframe that it asked for, H.264 goes on.
func TestGapInVideo(t *testing.T) {
	for _, codec := range []media.Codec{media.VP9, media.H264, media.VP8, media.AV1} {
		t.Run(codec.String(), func(t *testing.T) {
			clip := testmedia.Video(t, codec, "320x180", 15, 450)
			sound := tone(t, 600)
			var asked int64
			r := inBubble(t, func(g *rig) *result {
				g.tone = sound
				cam, _ := g.teacher(clip)
				armed, done := false, false
				cam.lose = func(uint64) bool {
					if armed && !done {
						done = true
						return true
					}
					return false
				}
				g.start()
				time.Sleep(4 * time.Second)
				before := cam.asked.Load()
				g.room.mu.Lock()
				armed = true
				g.room.mu.Unlock()
				time.Sleep(time.Second)
				asked = cam.asked.Load() - before
				time.Sleep(3 * time.Second)
				g.stop()
				g.settle()
				return g.result()
			})
			if asked == 0 {
				t.Error("no keyframe was asked for")
			}
			pics := r.pictures(r.of("", "camera"))
			r.continuous("camera", pics, time.Millisecond)
			if len(pics) < 110 {
				t.Errorf("%d pictures", len(pics))
			}
			if codec == media.VP9 || codec == media.H264 {
				if frames, complaints := decode(t, filepath.Join(r.vod(), "video.m3u8")); frames < 110 || complaints != "" && codec == media.VP9 {
					t.Errorf("%d pictures\n%s", frames, complaints)
				}
			}
		})
	}
}

// The queue is full because the disk, or we, are too slow: live never waits and the loss is counted.
func TestQueueOverflow(t *testing.T) {
	tp := &tap{now: time.Now, queue: make(chan item, queueLength)}
	tt := &tapTrack{tap: tp}
	for i := range queueLength + 100 {
		tt.Packet(&media.Packet{Seq: uint64(i)})
	}
	if n := tp.overflow.Load(); n != queueReserve+100 {
		t.Errorf("%d lost", n)
	}
	tt.Close()
	if len(tp.queue) != queueLength-queueReserve+1 || tp.lost.Load() != 0 {
		t.Error("the end of a track has no place in a queue full of packets")
	}
	for range queueReserve {
		tt.Report(media.SenderReport{})
	}
	if tp.lost.Load() != 1 || !tt.gone.Load() {
		t.Errorf("%d rare things lost", tp.lost.Load())
	}
}

func TestForbiddenNeverReachesTheDisk(t *testing.T) {
	clip, sound := testmedia.Video(t, media.H264, "320x180", 15, 450), tone(t, 600)
	var pupil string
	r := inBubble(t, func(g *rig) *result {
		g.tone = sound
		g.teacher(clip)
		id := person()
		pupil = string(id)
		g.rules[id] = policy.RecordNever
		cam := g.room.publish(&publisher{id: id, source: media.Camera, codec: media.H264, clip: clip})
		g.start()
		g.room.speak(id)
		time.Sleep(9 * time.Second)
		if cam.wanted.Load() {
			g.t.Error("a forbidden camera is wanted")
		}
		g.stop()
		g.settle()
		return g.result()
	})
	if n := len(r.of(pupil, "camera")); n != 0 {
		t.Errorf("%d segments of a forbidden camera", n)
	}
	for _, tr := range r.Tracks {
		if tr.PersonID != nil && tr.PersonID.String() == pupil {
			t.Error("a track of a forbidden camera")
		}
	}
}

// A voice that is muted for five seconds, and a camera that stands still for six: sound is filled with silence, the
// picture's gap stays a gap. On the way a viewer already watches.
func TestMuteAndStall(t *testing.T) {
	clip, sound := testmedia.Video(t, media.H264, "320x180", 15, 450), tone(t, 600)
	var live *replay.Presentation
	r := inBubble(t, func(g *rig) *result {
		g.tone = sound
		cam, voice := g.teacher(clip)
		var stalled atomic.Bool
		cam.lose = func(uint64) bool { return stalled.Load() }
		g.start()
		time.Sleep(5 * time.Second)
		g.room.unpublish(voice)
		stalled.Store(true)
		time.Sleep(5 * time.Second)
		running := g.result().Input
		running.Running = true
		live = replay.Build(running)
		g.room.publish(&publisher{id: voice.id, source: media.Microphone, codec: media.Opus, sound: sound})
		time.Sleep(time.Second)
		stalled.Store(false)
		time.Sleep(4 * time.Second)
		g.stop()
		g.settle()
		return g.result()
	})
	own := r.pictures(r.of("", "microphone"))
	r.continuous("voice", own, 0)
	pcm := r.pcm(r.of("", "microphone"))
	for _, c := range []struct {
		from, to time.Duration
		heard    bool
	}{{time.Second, 4900 * time.Millisecond, true}, {5200 * time.Millisecond, 9900 * time.Millisecond, false}, {10500 * time.Millisecond, 14 * time.Second, true}} {
		if p := power(pcm, 600, c.from, c.to); (p > 0.01) != c.heard {
			t.Errorf("from %v to %v: power %g", c.from, c.to, p)
		}
	}
	if len(r.of("", "microphone")) == 0 || len(r.Stage) != 2 {
		t.Errorf("stage %+v", r.Stage)
	}
	video := live.VideoEntries()
	if !live.Ready() || video[len(video)-1].EndUS < 4e6 {
		t.Errorf("after ten seconds a viewer has %+v", video)
	}
	whole := replay.Build(r.Input)
	var breaks [2][]int64
	slates := int64(0)
	for i, entries := range [][]replay.Entry{whole.VideoEntries(), whole.AudioEntries()} {
		for _, e := range entries {
			if e.Discontinuities > 0 {
				breaks[i] = append(breaks[i], e.StartUS)
			}
			if i == 0 && e.Segment == nil && e.StartUS > 0 {
				slates += e.EndUS - e.StartUS
			}
		}
	}
	if slates < 2_500_000 || slates > 4_000_000 || len(breaks[0]) != 3 || !slices.Equal(breaks[0], breaks[1]) {
		t.Errorf("slate for %d us, discontinuities at %v", slates, breaks)
	}
}

func TestDelete(t *testing.T) {
	clip, sound := testmedia.Video(t, media.H264, "320x180", 15, 450), tone(t, 600)
	inBubble(t, func(g *rig) *result {
		g.tone = sound
		g.teacher(clip)
		g.start()
		time.Sleep(5 * time.Second)
		ctx := context.Background()
		if err := g.rec.Delete(ctx, g.req.School, g.id); !errors.Is(err, ErrRunning) {
			g.t.Errorf("deleting what runs: %v", err)
		}
		g.stop()
		g.settle()
		if err := g.rec.Delete(ctx, g.req.School, g.id); err != nil {
			g.t.Error(err)
		}
		left, err := g.store.List(ctx, "recordings/", "", 10)
		if err != nil || len(left) != 0 || !g.index.deleted {
			g.t.Errorf("%d objects left, %v", len(left), err)
		}
		return nil
	})
}

func TestStartAndStopAreForgiving(t *testing.T) {
	inBubble(t, func(g *rig) *result {
		ctx := context.Background()
		g.start()
		first := g.id
		g.start()
		if g.id != first {
			g.t.Error("two recordings of one lesson")
		}
		g.stop()
		g.stop()
		if err := g.rec.Stop(ctx, uuid.New()); err != nil {
			g.t.Error(err)
		}
		g.rec.Event(first, "late", nil, nil)
		g.settle()
		if g.start(); g.id == first {
			g.t.Error("an ended recording was continued")
		}
		g.stop()
		if err := g.rec.Close(); err != nil {
			g.t.Error(err)
		}
		if _, err := g.rec.Start(ctx, g.req); !errors.Is(err, ErrClosed) {
			g.t.Error(err)
		}
		return nil
	})
}

func TestConfig(t *testing.T) {
	if _, err := New(Config{}); !errors.Is(err, ErrConfig) {
		t.Error(err)
	}
}
