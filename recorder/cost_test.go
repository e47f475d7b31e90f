package recorder

import (
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu/media"
)

// TestCost is one recorded lesson: a 720p camera, a share, three talkers, to a folder. It reports what a second of it
// costs; packets that are ready are taken from memory. The limit is loose: the race detector costs ten times more.
func TestCost(t *testing.T) {
	clip := testmedia.Video(t, media.H264, "1280x720", 30, 60)
	share := testmedia.Video(t, media.H264, "1280x720", 5, 20)
	var tones [3][][]byte
	for i := range tones {
		tones[i] = testmedia.Tone(t, float64(400*(i+1)), 200, nil)
	}
	const lesson = 20 * time.Second
	dir, before := t.TempDir(), cpu()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, dir)
		g.room.publish(&publisher{id: person(), source: media.Share, codec: media.H264, clip: share})
		for i, sound := range tones {
			id := person()
			if i == 0 {
				g.room.publish(&publisher{id: id, source: media.Camera, codec: media.H264, clip: clip})
			}
			g.room.publish(&publisher{id: id, source: media.Microphone, codec: media.Opus, sound: sound})
		}
		g.start()
		time.Sleep(lesson)
		g.stop()
		g.settle()
		for _, p := range g.room.pubs {
			close(p.stopCh)
			<-p.done
		}
		if err := g.rec.Close(); err != nil {
			t.Error(err)
		}
	})
	cores := (cpu() - before).Seconds() / lesson.Seconds()
	t.Logf("%.3f cores", cores)
	if cores > 1 {
		t.Errorf("a lesson costs %.2f cores", cores)
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
