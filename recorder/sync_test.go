package recorder

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/zvonok/zvonok/recorder/internal/opus"
	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu/media"
)

// Flash and beep: a publisher with exact sender reports, a wall clock that is years off and a network that delays
// picture and sound differently. Sound and picture of the same instant lie within 20 ms, in the tracks and in the mix.
func TestSoundAndPictureTogether(t *testing.T) {
	clip, beep := testmedia.Video(t, media.H264, "320x180", 15, 450), pulse(t)
	rnd := rand.New(rand.NewPCG(3, 9))
	jitter := make([]time.Duration, 4096)
	for i := range jitter {
		jitter[i] = time.Duration(rnd.IntN(40)) * time.Millisecond
	}
	var begun time.Time
	r := inBubble(t, func(g *rig) *result {
		g.start()
		time.Sleep(300 * time.Millisecond)
		begun = time.Now()
		id, skew := person(), -3*365*24*time.Hour
		g.room.publish(&publisher{
			id: id, source: media.Camera, codec: media.H264, clip: clip, skew: skew,
			delay: func(i int) time.Duration { return 90*time.Millisecond + jitter[i%4096] },
		})
		g.room.publish(&publisher{
			id: id, source: media.Microphone, codec: media.Opus, sound: beep, skew: skew,
			delay: func(i int) time.Duration { return 15*time.Millisecond + jitter[(i+77)%4096]/4 },
		})
		time.Sleep(30 * time.Second)
		g.stop()
		g.settle()
		return g.result()
	})
	pics, sound := r.pictures(r.of("", "camera")), r.pictures(r.of("", "microphone"))
	onsets := beeps(r.pcm(r.of("", "mix")))
	if len(pics) < 29*15 || len(sound) < 29*50 || len(onsets) < 28 {
		t.Fatalf("%d pictures, %d sounds, %d beeps", len(pics), len(sound), len(onsets))
	}
	zero := begun.Sub(r.StartedAt)
	var worst time.Duration
	for k := range 28 {
		flash, own, mixed := pics[15*k].at, sound[50*k].at, onsets[k]-500*time.Millisecond
		worst = max(worst, (flash - own).Abs(), (flash - mixed).Abs())
		if late := own - zero - time.Duration(k)*time.Second; late < 0 || late > 60*time.Millisecond {
			t.Errorf("second %d lies %v late on the server's clock", k, late)
		}
	}
	t.Logf("worst distance of sound and picture %v", worst)
	if worst > 20*time.Millisecond {
		t.Errorf("sound and picture are %v apart", worst)
	}
}

// beeps finds where sound begins.
func beeps(pcm []float32) (all []time.Duration) {
	quiet := opus.Rate
	for i, x := range pcm {
		if x > 0.05 || x < -0.05 {
			if quiet > opus.Rate/2 {
				all = append(all, time.Duration(i)*time.Second/opus.Rate)
			}
			quiet = 0
		} else {
			quiet++
		}
	}
	return all
}
