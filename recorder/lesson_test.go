package recorder

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/policy"
)

// A teacher with camera and voice, a pupil who speaks: the whole way to what a viewer plays.
func TestLesson(t *testing.T) {
	big := testmedia.Video(t, media.H264, "640x360", 15, 450)
	small := testmedia.Video(t, media.H264, "320x180", 15, 450)
	low, high := tone(t, 500), tone(t, 900)
	teacher, pupil := person(), person()
	var r *result
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, dir)
		g.rules[pupil] = policy.RecordOnStage
		g.room.publish(&publisher{id: teacher, source: media.Camera, codec: media.H264, clip: big})
		g.room.publish(&publisher{id: teacher, source: media.Microphone, codec: media.Opus, sound: low})
		cam := g.room.publish(&publisher{id: pupil, source: media.Camera, codec: media.H264, clip: small})
		g.start()
		time.Sleep(10 * time.Second)
		mic := g.room.publish(&publisher{id: pupil, source: media.Microphone, codec: media.Opus, sound: high})
		if cam.wanted.Load() {
			t.Error("a pupil's camera is kept alive off stage")
		}
		g.room.speak(pupil)
		time.Sleep(8 * time.Second)
		g.room.unpublish(mic)
		g.room.speak(teacher)
		time.Sleep(7 * time.Second)
		g.rec.Event(g.id, "hand", nil, map[string]bool{"up": true})
		g.stop()
		g.settle()
		r = g.result()
		for _, p := range g.room.pubs {
			close(p.stopCh)
		}
		if err := g.rec.Close(); err != nil {
			t.Error(err)
		}
	})
	r.t = t
	checkLesson(t, r, string(teacher), string(pupil))
}

func checkLesson(t *testing.T, r *result, teacher, pupil string) {
	t.Helper()
	if d := r.Duration; d < 24900*time.Millisecond || d > 25100*time.Millisecond {
		t.Errorf("duration %v", d)
	}
	var stage []string
	for _, s := range r.Stage {
		who := "slate"
		for _, tr := range r.Tracks {
			if s.TrackID != nil && tr.ID == *s.TrackID {
				who = map[string]string{teacher: "teacher", pupil: "pupil"}[tr.PersonID.String()]
			}
		}
		stage = append(stage, who)
		t.Logf("%8d %s", s.StartUS, who)
	}
	if got := strings.Join(stage, " "); got != "slate teacher pupil teacher" {
		t.Fatalf("stage: %s", got)
	}
	if at := r.Stage[2].StartUS; at < 10e6 || at > 10.3e6 {
		t.Errorf("the pupil is on stage at %d", at)
	}
	r.continuous("teacher's camera", r.pictures(r.of(teacher, "camera")), time.Millisecond)
	r.continuous("teacher's voice", r.pictures(r.of(teacher, "microphone")), 0)
	mix := r.pictures(r.of("", "mix"))
	r.continuous("mix", mix, 0)
	if end := mix[len(mix)-1]; mix[0].at != 0 || end.at+end.dur < r.Duration {
		t.Errorf("mix from %v to %v of %v", mix[0].at, end.at+end.dur, r.Duration)
	}
	if pics := r.pictures(r.of(pupil, "camera")); pics[0].at < 10*time.Second || pics[len(pics)-1].at > 19*time.Second {
		t.Errorf("the pupil's camera is recorded from %v to %v", pics[0].at, pics[len(pics)-1].at)
	}
	pcm := r.pcm(r.of("", "mix"))
	for _, c := range []struct {
		hz       float64
		from, to time.Duration
		heard    bool
	}{
		{500, time.Second, 24 * time.Second, true}, {900, time.Second, 9800 * time.Millisecond, false},
		{900, 10200 * time.Millisecond, 17800 * time.Millisecond, true}, {900, 18200 * time.Millisecond, 24 * time.Second, false},
	} {
		if p := power(pcm, c.hz, c.from, c.to); (p > 0.01) != c.heard {
			t.Errorf("%v Hz from %v to %v: power %g, heard %v", c.hz, c.from, c.to, p, c.heard)
		}
	}
	dir := r.vod()
	frames, complaints := decode(t, filepath.Join(dir, "video.m3u8"))
	if frames < 24*15 || strings.TrimSpace(complaints) != "" {
		t.Errorf("%d pictures decoded\n%s", frames, complaints)
	}
	frames, complaints = decode(t, filepath.Join(dir, "audio.m3u8"))
	if frames < 24*50 || strings.TrimSpace(complaints) != "" {
		t.Errorf("%d frames of sound decoded\n%s", frames, complaints)
	}
	if len(r.events) != 1 || r.events[0].Kind != "hand" {
		t.Errorf("%+v", r.events)
	}
}
