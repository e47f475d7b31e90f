package depacketize

import (
	"time"

	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/sfu/media"
)

// maxUnit bounds one picture in bytes.
const maxUnit = 4 << 20

// Unit is one coded picture, as a sample of its container.
type Unit struct {
	TS      uint64
	Arrival time.Time // of its first packet
	Key     bool
	Data    []byte
	// Config is set on keyframes.
	Config *mux.Config
}

// format is one codec's way.
type format interface {
	// head says whether a payload can be the first of a picture.
	head(payload []byte) bool
	// add takes the next packet of the picture.
	add(p *media.Packet) error
	// take gives the picture and begins anew; nil when there is none.
	take() *Unit
	// reset drops what was added.
	reset()
	// needsAll says that a picture is useless without all before it.
	needsAll() bool
}

// Assembler makes pictures of one track's packets.
type Assembler struct {
	f format
	// open: packets of the picture ts were added; broken: the picture ts is to be dropped.
	open, broken bool
	ts           uint64
	arrival      time.Time
	size         int
	// waiting for a keyframe.
	waiting bool
	gaps    uint64
}

// New makes an assembler; nil for a codec that has no pictures.
func New(c media.Codec) *Assembler {
	a := &Assembler{waiting: true}
	switch c {
	case media.H264:
		a.f = &h264Format{}
	case media.VP9:
		a.f = &vp9Format{}
	case media.VP8:
		a.f = &vp8Format{}
	case media.AV1:
		a.f = &av1Format{}
	case media.CodecNone, media.Opus:
		return nil
	}
	return a
}

// Push takes the next packet in order; lost is how many are missing before it. Pictures that it completes go to out.
// It returns false when a picture was lost: ask for a keyframe.
func (a *Assembler) Push(p *media.Packet, lost int, out func(Unit)) bool {
	whole := true
	if lost > 0 {
		whole = false
		a.lose()
	}
	if a.open && p.TS != a.ts {
		// The marker bit is a hint only (RFC 6184, section 5.1): a new timestamp ends the picture too.
		whole = a.finish(out) && whole
	}
	if !a.open {
		if a.broken && p.TS == a.ts {
			return whole
		}
		a.broken = false
		a.ts = p.TS
		if !a.f.head(p.Payload) {
			a.broken = true
			a.lose()
			return false
		}
		a.open, a.arrival, a.size = true, p.Arrival, 0
	}
	a.size += len(p.Payload)
	if err := a.f.add(p); err != nil || a.size > maxUnit {
		a.lose()
		a.broken = true
		return false
	}
	if p.Marker {
		whole = a.finish(out) && whole
	}
	return whole
}

// Waiting says whether nothing comes out until a keyframe comes.
func (a *Assembler) Waiting() bool { return a.waiting }

// Gaps counts the pictures that were dropped for missing packets.
func (a *Assembler) Gaps() uint64 { return a.gaps }

// Reset begins anew, at a keyframe. What keyframes may leave out because it was sent before is kept.
func (a *Assembler) Reset() {
	a.f.reset()
	a.open, a.broken, a.waiting = false, false, true
}

func (a *Assembler) lose() {
	a.gaps++
	if a.open {
		a.broken = true
	}
	a.open = false
	a.f.reset()
	if a.f.needsAll() {
		a.waiting = true
	}
}

func (a *Assembler) finish(out func(Unit)) bool {
	a.open = false
	u := a.f.take()
	if u == nil {
		return true // parameter sets alone, say
	}
	if u.Key && u.Config == nil {
		a.waiting = true
		return false
	}
	if u.Key {
		a.waiting = false
	}
	if a.waiting {
		return true
	}
	u.TS, u.Arrival = a.ts, a.arrival
	out(*u)
	return true
}
