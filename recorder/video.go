package recorder

import (
	"time"

	"github.com/zvonok/zvonok/recorder/internal/clock"
	"github.com/zvonok/zvonok/recorder/internal/depacketize"
	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/recorder/internal/segment"
	"github.com/zvonok/zvonok/recorder/stage"
	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// A segment closes at a keyframe from shortSegment on; a keyframe is asked for from askCamera or askShare on; without
	// one it is cut at longSegment and its successor is not independent.
	shortSegment = 2 * time.Second
	askCamera    = 6 * time.Second
	askShare     = 10 * time.Second
	longSegment  = 12 * time.Second
	// A picture is held for so long when nothing follows; then its segment ends and the gap is shown as a gap. A share that
	// stands still may send nothing for long.
	holdCamera = 3 * time.Second
	holdShare  = 30 * time.Second
	// askEvery is how often a keyframe that does not come is asked for.
	askEvery = time.Second
	// firstAgain is when a second keyframe is asked for: what was lost around the start is then repaired soon.
	firstAgain = 2 * time.Second
)

// videoLine writes one camera or share.
type videoLine struct {
	s   *session
	id  stage.ID
	w   *trackWriter
	asm *depacketize.Assembler
	clk *clock.Line
	ask func()

	// begun is when the source (or its being wanted) began; again, when the second keyframe was asked for.
	begun    time.Duration
	again    bool
	askedAt  time.Duration
	wantsKey bool
	// primed: a keyframe was written and every picture since.
	primed bool
	lastAt int64 // ticks of the last picture
	delta  int64
}

// restart begins anew at a keyframe: a new source, or one that is wanted again. The assembler stays, with the parameter
// sets that the encoder may not send a second time.
func (v *videoLine) restart(clk *clock.Line, codec media.Codec, ask func(), at time.Duration) {
	v.clk, v.ask, v.begun, v.again, v.primed, v.wantsKey = clk, ask, at, false, false, true
	if v.asm == nil {
		v.asm = depacketize.New(codec)
	}
	v.asm.Reset()
	v.request(at)
}

func (v *videoLine) request(at time.Duration) {
	v.askedAt = at
	v.ask()
}

func (v *videoLine) packet(p *media.Packet, lost int) {
	if !v.asm.Push(p, lost, v.unit) && !v.wantsKey {
		v.wantsKey = true
		v.request(v.s.now)
	}
}

// unit writes one picture.
func (v *videoLine) unit(u depacketize.Unit) {
	at := ticks(v.clk.Time(u.TS), v.w.rate)
	cut := v.w.cur == nil
	if cur := v.w.cur; cur != nil {
		age := duration(at-v.w.start(), v.w.rate)
		cut = age >= longSegment || u.Key && (age >= shortSegment || !u.Config.Equal(v.w.config))
	}
	pending, waits := v.s.stage.Pending()
	onStage := u.Key && waits && pending == v.id
	if cut || onStage {
		if !u.Key && !v.primed {
			return
		}
		at = v.turn(u)
	}
	at = max(at, v.lastAt+1)
	if u.Key {
		v.primed, v.wantsKey = true, false
	}
	if v.lastAt > 0 {
		v.delta = min(at-v.lastAt, v.w.rate)
	}
	v.lastAt = at
	v.w.cur.Add(mux.Sample{At: at, Duration: max(1, v.delta), Key: u.Key, Data: u.Data})
	if onStage {
		v.s.stage.Picture(v.id, duration(at, v.w.rate))
	}
}

// turn ends the open segment where the picture u begins and opens the next; it gives the place of u under the mapping
// that the new segment uses.
func (v *videoLine) turn(u depacketize.Unit) int64 {
	v.clk.Resync(u.TS, duration(v.lastAt, v.w.rate)+time.Millisecond)
	at := max(ticks(v.clk.Time(u.TS), v.w.rate), v.lastAt+1)
	breaks := v.w.cur == nil || u.Key && !u.Config.Equal(v.w.config)
	v.w.close(at)
	if u.Key {
		v.w.configure(u.Config)
	}
	if breaks {
		v.breakMix(duration(at, v.w.rate))
	}
	a := anchor{rtp: u.TS}
	if ts, ntp, ok := v.clk.Anchor(); ok {
		sent := ntp.Add(duration(int64(u.TS-ts), v.w.rate)).UTC()
		a.ntp = &sent
	}
	v.w.begin(at, u.Key, a)
	return at
}

// breakMix cuts the mix where the picture on stage has a gap or other parameters: a discontinuity in both playlists.
func (v *videoLine) breakMix(at time.Duration) {
	if id, ok := v.s.stage.Current(); ok && id == v.id {
		v.s.mixer.cutAt(at)
	}
}

// cutAt ends the open segment at the given place; pictures behind it open the next one, which is not independent.
func (v *videoLine) cutAt(at int64) {
	cur := v.w.cur
	if cur == nil || v.w.start() >= at {
		return
	}
	n := len(cur.Samples)
	for n > 0 && cur.Samples[n-1].At >= at {
		n--
	}
	rest := append([]mux.Sample(nil), cur.Samples[n:]...)
	cur.Samples = cur.Samples[:n]
	v.w.close(at)
	if len(rest) > 0 {
		v.w.begin(rest[0].At, rest[0].Key, anchorOf(cur))
		v.w.cur.Samples = rest
	}
}

// anchorOf carries an anchor on: the next segment's own comes with its next keyframe.
func anchorOf(s *segment.Segment) anchor {
	return anchor{uint64(s.Header.AnchorRTP), s.Header.AnchorNTP}
}

// stop ends the open segment when the source ended at at; the last picture is held until then, but not for
// longer than hold. It gives the place where
// the track ends.
func (v *videoLine) stop(at time.Duration) time.Duration {
	v.primed = false
	if v.w.cur == nil {
		return at
	}
	held := min(ticks(at, v.w.rate), v.lastAt+ticks(v.hold(), v.w.rate))
	end := max(v.lastAt+max(1, v.delta), held)
	v.w.close(end)
	return duration(end, v.w.rate)
}

func (v *videoLine) hold() time.Duration {
	if v.id.Source == media.Share {
		return holdShare
	}
	return holdCamera
}

// tick asks for keyframes and ends what stands still.
func (v *videoLine) tick(at time.Duration) {
	limit := askCamera
	if v.id.Source == media.Share {
		limit = askShare
	}
	due := v.wantsKey || v.w.cur != nil && at-duration(v.w.start(), v.w.rate) >= limit
	if !v.again && v.primed && at-v.begun >= firstAgain {
		v.again = true
		v.request(at)
	}
	if due && at-v.askedAt >= askEvery {
		v.request(at)
	}
	if v.w.cur != nil && at-duration(v.lastAt, v.w.rate) >= v.hold() {
		v.breakMix(v.stop(at))
		v.wantsKey = true
	}
}
