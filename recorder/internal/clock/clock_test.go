package clock

import (
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

func near(t *testing.T, what string, got, want, by time.Duration) {
	t.Helper()
	if d := got - want; d < -by || d > by {
		t.Errorf("%s: %v, want %v within %v", what, got, want, by)
	}
}

func TestBeforeTheFirstReport(t *testing.T) {
	l := NewLine(&Sender{}, 90000)
	l.Arrive(1_000_000, 500*ms) // late by 40 ms
	l.Arrive(1_003_000, 493*ms+333333)
	l.Arrive(1_006_000, 600*ms)
	near(t, "at first", l.Time(1_000_000), 500*ms, 0)
	l.Resync(1_006_000, 0)
	near(t, "least arrival offset", l.Time(1_006_000), 526*ms+666666, ms)
	l.Arrive(1_009_000, 900*ms)
	l.Resync(1_012_000, 0)
	near(t, "kept over a moved base", l.Time(1_012_000), 593*ms+333333, ms)
}

func TestSoundAndPictureOfOneSenderStayTogether(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 2))
	s := &Sender{}
	audio, video := NewLine(s, 48000), NewLine(s, 90000)
	wall := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC) // the sender's clock is years off
	var worst time.Duration
	for sec := range 7200 {
		// The sender's clock runs 50 ppm fast.
		real := time.Duration(sec) * time.Second
		sent := real + real*50/1e6
		ats, vts := uint64(1e9)+uint64(sent.Seconds()*48000), uint64(5e8)+uint64(sent.Seconds()*90000)
		audio.Arrive(ats, real+time.Duration(20+rnd.IntN(80))*ms)
		video.Arrive(vts, real+time.Duration(90+rnd.IntN(200))*ms)
		audio.Report(ats, wall.Add(sent), real+time.Duration(20+rnd.IntN(60))*ms)
		video.Report(vts, wall.Add(sent), real+time.Duration(20+rnd.IntN(60))*ms)
		if sec%5 == 0 {
			audio.Resync(ats, 0)
		}
		if sec%7 == 0 {
			video.Resync(vts, 0)
		}
		if sec > 20 {
			d := audio.Time(ats) - video.Time(vts)
			worst = max(worst, d, -d)
			near(t, "server time", audio.Time(ats), real+20*ms, 30*ms)
		}
	}
	if worst > 10*ms {
		t.Errorf("sound and picture %v apart", worst)
	}
}

func TestNeverBeforeTheFloor(t *testing.T) {
	s := &Sender{}
	l := NewLine(s, 48000)
	l.Arrive(0, 1000*ms)
	l.Report(48000, time.Unix(1e9, 0), 1500*ms) // says that tick 0 was at 500 ms
	l.Resync(48000, 2010*ms)
	near(t, "floor", l.Time(48000), 2010*ms, 0)
	l.Resync(96000, 0)
	near(t, "later corrected", l.Time(96000), 2500*ms, 0)
	if !l.Exact() {
		t.Error("not exact after a report")
	}
}

func TestSteppedSenderClock(t *testing.T) {
	s := &Sender{}
	a, v := NewLine(s, 48000), NewLine(s, 90000)
	a.Arrive(0, 0)
	v.Arrive(0, 0)
	w := time.Unix(1e9, 0)
	a.Report(0, w, 10*ms)
	v.Report(0, w, 10*ms)
	a.Resync(0, 0)
	v.Resync(0, 0)
	// The clock is set back by an hour; only sound has been told.
	a.Report(48000, w.Add(time.Second-time.Hour), 1010*ms)
	a.Resync(48000, 0)
	v.Resync(90000, 0)
	near(t, "told", a.Time(48000), 1010*ms, ms)
	near(t, "not told yet", v.Time(90000), 1010*ms, ms)
	v.Report(180000, w.Add(2*time.Second-time.Hour), 2010*ms)
	v.Resync(180000, 0)
	near(t, "both told", v.Time(180000), 2010*ms, ms)
}
