package recorder

import (
	"testing"

	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/policy"
)

// An outage of the store is seen in the figures while it lasts, and is over in them when it is over.
func TestFiguresOfAnOutage(t *testing.T) {
	clip := testmedia.Video(t, media.H264, "320x180", 15, 450)
	g := newRig(t, t.TempDir())
	t.Cleanup(func() {
		g.room.SetTap(nil)
		for _, p := range g.room.pubs {
			close(p.stopCh)
			<-p.done
		}
		if err := g.rec.Close(); err != nil {
			t.Error(err)
		}
	})
	g.store.away.Store(true)
	id := person()
	g.rules[id] = policy.RecordNever
	g.room.publish(&publisher{id: id, source: media.Camera, codec: media.H264, clip: clip})
	g.room.publish(&publisher{id: id, source: media.Microphone, codec: media.Opus, sound: tone(t, 600)})
	g.start()
	within(t, "the outage is seen", func() bool {
		g.rec.weigh()
		f := g.rec.Stats()
		return f.Running == 1 && f.Tracks == 2 && f.Refused == 1 && f.WrittenBytes > 0 && f.StoredBytes == 0 && f.UploadErrors > 1 &&
			f.SpoolBytes > 0 && f.Oldest > 0 && f.Delay.Count > 0
	})
	g.store.away.Store(false)
	within(t, "it is over", func() bool {
		g.rec.weigh()
		f := g.rec.Stats()
		return f.StoredBytes > 0 && f.Oldest == 0
	})
	g.stop()
	if f := g.rec.Stats(); f.Running != 0 || f.Gaps != 0 || f.Lost != 0 || f.SpoolTroubles != 0 {
		t.Errorf("%+v", f)
	}
}
