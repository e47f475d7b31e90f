package sfu

import (
	"sync/atomic"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/layersel"
	"github.com/zvonok/zvonok/sfu/media"
)

// tapHolder is what SetTap was given last; tap is nil when there is none.
type tapHolder struct{ tap Tap }

// tapLine is one source's way to the tap: the sink of a down track on the tap's own shard, so that the recorder never
// holds a subscriber up.
type tapLine struct {
	room  *Room
	track TapTrack
	down  *downTrack
	codec media.Codec
	// wanted is set by any goroutine; up is the encoding that keyframes are asked of.
	wanted atomic.Bool
	up     atomic.Pointer[upTrack]

	// owned by the room's goroutine
	layer  int
	target *upTrack
	// owned by the shard
	slab []media.Packet
}

// retap brings the tap's lines into line with the sources; it runs on the room's goroutine.
func (r *Room) retap() {
	for _, id := range r.order {
		for _, src := range r.people[id].sources {
			line := src.tapped
			if line != nil && (!src.live() || line.codec != src.codec) {
				r.closeLine(src)
			}
			if src.tapped == nil && r.tap != nil && r.tap.tap != nil && src.live() && src.codec != media.CodecNone {
				r.openLine(src)
			}
			if src.tapped != nil {
				r.aimLine(src)
			}
		}
	}
}

func (r *Room) openLine(src *upSource) {
	line := &tapLine{room: r, codec: src.codec, layer: -1}
	line.wanted.Store(true)
	line.track = r.tap.tap.Open(TapSource{
		Participant: src.participant, Source: src.kind, Codec: src.codec,
		RequestKeyframe: func() {
			if u := line.up.Load(); u != nil {
				u.requestKeyframe()
			}
		},
		SetWanted: func(wanted bool) {
			if line.wanted.Swap(wanted) != wanted {
				r.pokeLayers()
			}
		},
	})
	src.tapped = line
	if line.track == nil {
		return // remembered, so that the tap is not asked again
	}
	line.down = newDownTrack(src.kind.IsVideo(), line)
	r.tapper.do(func() { r.tapper.add(line.down) })
}

// aimLine follows the best living layer.
func (r *Room) aimLine(src *upSource) {
	line := src.tapped
	if line.down == nil {
		return
	}
	var target *upTrack
	if line.wanted.Load() {
		line.layer = 0
		if src.kind.IsVideo() {
			line.layer = layersel.Choose(layersel.Choice{Height: 1 << 14, Current: line.layer}, r.layersOf(src))
		}
		if line.layer >= 0 {
			target = src.layers[line.layer]
		}
	}
	if target == line.target {
		return
	}
	line.target = target
	line.up.Store(target)
	r.tapper.do(func() { line.down.retarget(src, target) })
}

func (r *Room) closeLine(src *upSource) {
	line := src.tapped
	src.tapped = nil
	if line == nil || line.down == nil {
		return
	}
	r.tapper.do(func() {
		r.tapper.remove(line.down)
		line.track.Close()
	})
}

// replaceTap closes the lines of the old tap; retap opens those of the new one.
func (r *Room) replaceTap(t *tapHolder) {
	for _, p := range r.people {
		for _, src := range p.sources {
			r.closeLine(src)
		}
	}
	r.tap = t
	r.dirty = true
	if t.tap != nil {
		t.tap.Speakers(media.ParticipantID(r.ranking.Active()), participants(r.ranking.Speaking()))
	}
}

func (l *tapLine) ready(c media.Codec) bool { return c == l.codec }

// send hands over a packet of the shared payload under the stream's own numbers.
func (l *tapLine) send(whole parcel, seq, ts uint64) int {
	p := whole.packet
	if p.Codec != l.codec {
		return 0 // the line for the new codec is on its way
	}
	if len(l.slab) == 0 {
		l.slab = make([]media.Packet, 32)
	}
	out := &l.slab[0]
	l.slab = l.slab[1:]
	*out = *p
	out.Seq, out.TS = seq, ts
	l.track.Packet(out)
	l.room.counters.tapped.Add(1)
	return len(p.Payload)
}

func (l *tapLine) resend(*media.Packet, uint64, uint64) bool { return false }

func (l *tapLine) published(sr media.SenderReport) { l.track.Report(sr) }

func (l *tapLine) report(uint64, time.Time) {}
