package recorder

import (
	"time"

	"github.com/zvonok/zvonok/recorder/internal/clock"
	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/recorder/internal/opus"
	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// soundSegment is how long a segment of a talker's own track is.
	soundSegment = 10 * time.Second
	// hushSegment is how much silence goes into one segment.
	hushSegment = 60 * time.Second
	// quiet is after how long without a packet the open segment ends; silence is filled in when sound comes back.
	quiet = 2 * time.Second
	// slack is how far a packet may lie from the end of the one before and still follow it without a break.
	slack = opus.Rate / 100
	// concealed is how many lost packets in a row are concealed in the mix.
	concealed = 3
)

// audioLine writes one talker's, or a share's, sound and hands it to the mixer.
type audioLine struct {
	s   *session
	w   *trackWriter
	clk *clock.Line
	// exact: the mapping came from a sender report. Sound needs no keyframe: it is corrected as soon as one comes.
	exact bool
	last  time.Duration // when the last packet came
}

// restart takes a new source of the same person.
func (a *audioLine) restart(clk *clock.Line) { a.clk, a.exact = clk, false }

// packet writes one packet; lost says how many are missing before it.
func (a *audioLine) packet(p *media.Packet, lost int) {
	n, err := opus.Duration(p.Payload)
	if err != nil {
		a.s.counts.malformed++
		return
	}
	a.last = a.s.now
	if a.w.cur != nil && (a.clk.Reported() && !a.exact || duration(a.cursor()-a.w.start(), opus.Rate) >= soundSegment) {
		a.w.close(a.cursor())
	}
	if a.w.cur == nil {
		a.clk.Resync(p.TS, 0)
		a.exact = a.clk.Exact()
	}
	at := max(0, ticks(a.clk.Time(p.TS), opus.Rate))
	if a.w.cur == nil && a.w.lastEnd == 0 {
		a.begin(at, p.TS)
	}
	gap := at - a.cursor()
	if gap < -slack {
		a.s.counts.overlap++ // the clock was corrected backwards: this sound has its place already
		return
	}
	if lost > 0 {
		for i := range min(lost, concealed) {
			a.s.mixer.Lost(a.w.row.ID, a.cursor()+int64(i*opus.Frame))
		}
	}
	if gap >= slack {
		a.silence(gap, p.TS)
	}
	if a.w.cur == nil {
		a.begin(a.cursor(), p.TS)
	}
	at = a.cursor()
	a.w.cur.Add(mux.Sample{At: at, Duration: int64(n), Key: true, Data: p.Payload})
	a.s.mixer.Add(a.w.row.ID, at, p.Payload)
}

// cursor is where the next sample goes, in ticks.
func (a *audioLine) cursor() int64 {
	if a.w.cur != nil {
		return a.w.cur.End()
	}
	return a.w.lastEnd
}

func (a *audioLine) begin(at int64, ts uint64) {
	an := anchor{rtp: ts}
	if rts, ntp, ok := a.clk.Anchor(); ok {
		sent := ntp.Add(duration(int64(ts-rts), opus.Rate)).UTC()
		an.ntp = &sent
	}
	a.w.begin(at, true, an)
}

// silence fills a gap: players stall on holes. What is shorter than the shortest packet of silence stays in the slack.
func (a *audioLine) silence(gap int64, ts uint64) {
	for _, n := range opus.Silences {
		for gap >= int64(n) {
			if a.w.cur == nil {
				a.begin(a.cursor(), ts)
			}
			room := ticks(hushSegment, opus.Rate) - (a.w.cur.End() - a.w.start())
			repeat := min(gap, max(room, int64(n))) / int64(n)
			a.w.cur.Add(mux.Sample{
				At: a.w.cur.End(), Duration: int64(n), Key: true, Data: opus.Silence(n), Repeat: int(repeat),
			})
			gap -= repeat * int64(n)
			if a.w.cur.End()-a.w.start() >= ticks(hushSegment, opus.Rate) {
				a.w.close(a.w.cur.End())
			}
		}
	}
}

// stop ends the open segment.
func (a *audioLine) stop() {
	if a.w.cur != nil {
		a.w.close(a.w.cur.End())
	}
	a.s.mixer.Close(a.w.row.ID)
}

func (a *audioLine) tick(at time.Duration) {
	if a.w.cur != nil && at-a.last >= quiet {
		a.w.close(a.w.cur.End())
	}
}

func opusConfig(channels int) *mux.Config { return mux.Opus(channels) }
