package sfu_test

import (
	"sync"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
)

// reel is a Tap that keeps everything.
type reel struct {
	mu     sync.Mutex
	lines  []*line
	active media.ParticipantID
}

type line struct {
	src     sfu.TapSource
	mu      sync.Mutex
	packets []*media.Packet
	reports []media.SenderReport
	closed  int
}

func (r *reel) Open(src sfu.TapSource) sfu.TapTrack {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := &line{src: src}
	r.lines = append(r.lines, l)
	return l
}

func (r *reel) Speakers(active media.ParticipantID, _ []media.ParticipantID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active = active
}

func (r *reel) of(s media.Source) []*line {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*line
	for _, l := range r.lines {
		if l.src.Source == s {
			out = append(out, l)
		}
	}
	return out
}

func (l *line) Packet(p *media.Packet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.packets = append(l.packets, p)
}

func (l *line) Report(sr media.SenderReport) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reports = append(l.reports, sr)
}

func (l *line) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed++
}

func (l *line) look(f func(*line)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l)
}

func (l *line) len() (n int) {
	l.look(func(l *line) { n = len(l.packets) })
	return n
}

func TestTheTapGetsOneContinuousStreamOfTheBestLayer(t *testing.T) {
	w := newWorld(t, nil)
	m := w.join("a", sfu.Capabilities{})
	p := w.publish(m, sfutest.Options{}, []string{"q", "h", "f"}, media.Microphone, media.Camera)
	tone(p, p.Microphone, 20, 1)
	film(p, p.Camera[0], 180)
	film(p, p.Camera[1], 360)
	stop := make(chan struct{})
	filmUntil(p, p.Camera[2], 720, stop)
	tap := &reel{}
	w.room.SetTap(tap)
	w.until("camera and microphone", func() bool { return len(tap.of(media.Camera)) == 1 && len(tap.of(media.Microphone)) == 1 })
	camera := tap.of(media.Camera)[0]
	if camera.src.Codec != media.H264 || camera.src.Participant != "a" {
		t.Errorf("opened %+v", camera.src)
	}
	height := func() (h int) {
		camera.look(func(l *line) {
			for _, p := range l.packets {
				if f := media.Inspect(p.Codec, p.Payload); f.Keyframe {
					h = f.Height
				}
			}
		})
		return h
	}
	w.until("the best layer", func() bool { return height() == 720 && camera.len() > 20 })
	if err := p.Camera[1].Report(123456, time.Now()); err != nil {
		t.Error(err)
	}
	close(stop)
	w.until("fallen to a living layer", func() bool { return height() == 360 })
	w.until("a report", func() bool {
		if err := p.Camera[1].Report(uint32(3600*25), time.Now()); err != nil {
			t.Error(err)
		}
		n := 0
		camera.look(func(l *line) { n = len(l.reports) })
		return n > 0
	})
	assertTapContinuous(t, camera)

	// Not wanted: packets stop. Wanted again: they begin with a keyframe, in the same space.
	camera.src.SetWanted(false)
	w.until("stopped", func() bool {
		n := camera.len()
		return !grows(camera, n, 300*time.Millisecond)
	})
	n := camera.len()
	camera.src.SetWanted(true)
	w.until("going on", func() bool { return camera.len() > n+10 })
	camera.look(func(l *line) {
		if !l.packets[n].Keyframe {
			t.Error("goes on without a keyframe")
		}
	})
	assertTapContinuous(t, camera)

	// Muted: the line is closed once, and a new one is opened afterwards.
	m.SetSource(media.Camera, false)
	w.until("closed", func() bool {
		c := 0
		camera.look(func(l *line) { c = l.closed })
		return c == 1
	})
	m.SetSource(media.Camera, true)
	w.until("a second line", func() bool { l := tap.of(media.Camera); return len(l) == 2 && l[1].len() > 10 })
	w.room.SetTap(nil)
	w.until("all closed", func() bool {
		tap.mu.Lock()
		defer tap.mu.Unlock()
		for _, l := range tap.lines {
			c := 0
			l.look(func(l *line) { c = l.closed })
			if c != 1 {
				return false
			}
		}
		return true
	})
	if tap.active != "a" {
		t.Errorf("active speaker %q", tap.active)
	}
}

func grows(l *line, n int, span time.Duration) bool {
	timer := time.NewTimer(span)
	defer timer.Stop()
	<-timer.C
	return l.len() > n
}

func assertTapContinuous(t *testing.T, l *line) {
	t.Helper()
	l.look(func(l *line) {
		for i, p := range l.packets[1:] {
			was := l.packets[i]
			if p.Seq != was.Seq+1 || p.TS < was.TS {
				t.Fatalf("packet (%d, %d) after (%d, %d)", p.Seq, p.TS, was.Seq, was.TS)
			}
			if p.Layer != was.Layer && !p.Keyframe {
				t.Fatalf("layer %d after %d without a keyframe", p.Layer, was.Layer)
			}
		}
	})
}

func TestTheTapOpensAnewForAnotherCodec(t *testing.T) {
	w := newWorld(t, nil)
	m := w.join("a", sfu.Capabilities{})
	p := w.publish(m, sfutest.Options{}, nil, media.Camera)
	tap := &reel{}
	w.room.SetTap(tap)
	e := p.Camera[0]
	vp9 := make(chan struct{})
	codec, ts := media.H264, uint32(0)
	p.Every(20*time.Millisecond, func(time.Time) bool {
		key := ts == 0
		select {
		case <-vp9:
			vp9, codec, key = nil, media.VP9, true
			if err := e.SetCodec(media.VP9); err != nil {
				t.Error(err)
			}
		case <-e.Keyframe():
			key = true
		default:
		}
		ts += 1800
		return e.Write(sfutest.Packet{TS: ts, Marker: true, Payload: sfutest.Single(codec, key)}) == nil
	})
	w.until("H.264", func() bool { l := tap.of(media.Camera); return len(l) == 1 && l[0].len() > 10 })
	close(vp9)
	w.until("VP9", func() bool { l := tap.of(media.Camera); return len(l) == 2 && l[1].len() > 10 })
	for i, want := range []media.Codec{media.H264, media.VP9} {
		tap.of(media.Camera)[i].look(func(l *line) {
			for _, p := range l.packets {
				if p.Codec != want {
					t.Errorf("%s in the line of %s", p.Codec, want)
				}
			}
			if !l.packets[0].Keyframe {
				t.Errorf("%s does not begin with a keyframe", want)
			}
		})
	}
}
