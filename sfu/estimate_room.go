package sfu

import (
	"slices"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/alloc"
	"github.com/zvonok/zvonok/sfu/internal/slots"
	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// allotInterval is between looks at the estimates, and at the rates of what is received.
	allotInterval = 100 * time.Millisecond
	// whileShort and whileEnough are how long a decision stands although the estimate has not moved: rates change too.
	whileShort, whileEnough = 200 * time.Millisecond, 2 * time.Second
	// rateSpans of allotInterval make the second over which a rate is measured. A screen is sent by fits and starts: its
	// rate falls slowly.
	rateSpans   = 10
	screenFalls = 0.97
	// perPacket is what a packet costs on the wire beside what we received of it: IP, UDP and the tag.
	perPacket = underRTP + 16
	// quietVoice is kept free for each voice that is heard: it may say nothing now.
	quietVoice media.Bitrate = 24_000
	// burstOver: a span of a camera's that brings this many times the usual one had a keyframe in it, which is no rate.
	burstOver = 2
	// newcomer is what is to be free for a picture that comes: it should not have to wait for a probe.
	newcomer media.Bitrate = 200_000
	// everything is the layer limit of who is not limited.
	everything = maxLayers
)

// typicalRates are what layers cost until they have been measured, by height.
var typicalRates = []struct {
	height int
	rate   media.Bitrate
}{{200, 150_000}, {400, 500_000}, {1 << 15, 1_700_000}}

// rateMeter measures what an encoding brings. The room's goroutine owns it.
type rateMeter struct {
	last uint64
	// ring has the rates of the last spans.
	ring [rateSpans]media.Bitrate
	at   int
	seen int
	rate media.Bitrate
}

// tick takes the bytes received until now; span is the time since the last tick. A camera's rate is that of its usual
// frames: a layer that is switched on brings a keyframe or more, and would seem ten times as dear as it is.
func (m *rateMeter) tick(total uint64, span time.Duration, screen bool) {
	m.ring[m.at] = media.Bitrate(float64(total-m.last) * 8 / max(span, time.Millisecond).Seconds())
	m.last = total
	m.at = (m.at + 1) % rateSpans
	m.seen = min(m.seen+1, rateSpans)
	spans := m.ring
	slices.Sort(spans[:m.seen])
	limit := burstOver * spans[m.seen/2]
	sum := media.Bitrate(0)
	for _, r := range spans[:m.seen] {
		if !screen {
			r = min(r, limit)
		}
		sum += r
	}
	rate := sum / media.Bitrate(m.seen)
	if screen {
		rate = max(rate, media.Bitrate(screenFalls*float64(m.rate)))
	}
	m.rate = rate
}

// The methods below run on the room's goroutine.

// allot measures, and decides anew for the subscribers whose path has changed.
func (r *Room) allot(now time.Duration) {
	span := now - r.allotted
	if span < allotInterval {
		return
	}
	r.allotted = now
	for u := range r.living {
		u.meter.tick(u.wire.Load(), span, u.source.kind == media.Share)
	}
	var sc *slots.Scene
	for _, id := range r.order {
		p := r.people[id]
		leg := p.subscribe
		if leg == nil || !leg.connected || leg.path == nil || !leg.share.due(now, leg.path) {
			continue
		}
		if sc == nil {
			sc = r.scene()
		}
		r.assignTo(p, leg, sc)
	}
}

// share is how a subscriber's estimate is shared out among its slots.
type share struct {
	allocator alloc.Allocator
	in        alloc.Input
	decided   time.Duration
	estimate  media.Bitrate
	wish      media.Bitrate
	// short says that somebody gets less than wanted.
	short bool
	// layers limits each slot's layer, -1 for nothing, everything for no limit; voices are the slots that go without
	// sound for want of room.
	layers []int8
	hushed []bool
	paused []bool // as the client was told
	voices []int
}

// due says whether it is time for a decision.
func (s *share) due(now time.Duration, p *path) bool {
	if !p.known.Load() {
		return false
	}
	estimate := media.Bitrate(p.target.Load())
	if moved := estimate - s.estimate; max(moved, -moved)*40 > s.estimate {
		return true
	}
	if s.short || estimate < s.wish {
		return now-s.decided >= whileShort
	}
	return now-s.decided >= whileEnough
}

// decide shares a subscriber's estimate out among the occupants that its slots are to have. The layers that the slots'
// sizes ask for stand in leg.layers.
func (r *Room) decide(leg *subscribeLeg, next []slots.Occupant) {
	s, p := &leg.share, leg.path
	if p == nil || !p.known.Load() {
		return
	}
	now := r.server.since(time.Now())
	state := p.state()
	s.decided, s.estimate = now, state.Estimate
	s.in.Budget = media.Bitrate((1 - min(state.Loss, 0.3)) * float64(state.Estimate)) // what is lost is sent again
	s.in.Congested = state.Congested && state.Loss > 0.02
	s.in.Slots = s.in.Slots[:0]
	for i, o := range next {
		s.in.Slots = append(s.in.Slots, r.allocSlot(leg, i, o, leg.layers[i]))
	}
	r.listVoices(leg, next)
	res := s.allocator.Decide(now, &s.in)
	s.wish = res.Wish
	p.wish.Store(int64(res.Wish + newcomer))
	s.short = res.Voices < len(s.voices)
	for i, t := range res.Targets {
		s.layers[i] = int8(t.Layer)
		s.short = s.short || t.Layer < leg.layers[i]
	}
	for i, slot := range s.voices {
		s.hushed[slot] = i >= res.Voices
	}
}

// allocSlot describes a slot with a picture; one without is empty.
func (r *Room) allocSlot(leg *subscribeLeg, i int, o slots.Occupant, wanted int) (out alloc.Slot) {
	if wanted < 0 || !leg.kinds[i].IsVideo() {
		return out
	}
	src := r.people[o.Participant].sources[o.Source]
	out.Occupant = src.openedAt
	switch leg.kinds[i] {
	case media.SlotShareVideo:
		out.Class = alloc.Share
	case media.SlotStageVideo:
		out.Class = alloc.Stage
	default:
		out.Class = alloc.Tile
	}
	for l, u := range src.layers[:wanted+1] {
		if u != nil && (l == wanted || r.living[u]) {
			out.Layers[l].Rates[0] = u.cost()
		}
	}
	return out
}

// cost is what an encoding takes of a path.
func (u *upTrack) cost() media.Bitrate {
	rate := u.meter.rate
	if u.meter.seen < rateSpans {
		height := int(u.height.Load())
		for _, t := range typicalRates {
			if height <= t.height {
				return max(rate, t.rate)
			}
		}
	}
	return max(rate, 1000) // a picture that stands still is there all the same
}

// listVoices lists the slots with sound, the most important first: the stage's, the share's, then the loudest.
func (r *Room) listVoices(leg *subscribeLeg, next []slots.Occupant) {
	s := &leg.share
	s.voices, s.in.Voices = s.voices[:0], s.in.Voices[:0]
	for _, kind := range []media.SlotKind{media.SlotStageVoice, media.SlotShareAudio, media.SlotVoice} {
		for i, o := range next {
			s.hushed[i] = s.hushed[i] && o.Participant != ""
			if leg.kinds[i] != kind || o.Participant == "" {
				continue
			}
			if u := r.people[o.Participant].sources[o.Source].layers[0]; u != nil {
				s.voices = append(s.voices, i)
				s.in.Voices = append(s.in.Voices, max(u.meter.rate, quietVoice))
			}
		}
	}
}

// newShare makes room for a leg's slots.
func newShare(n int) share {
	s := share{layers: make([]int8, n), hushed: make([]bool, n), paused: make([]bool, n)}
	for i := range s.layers {
		s.layers[i] = everything
	}
	return s
}

// Downlink tells what is known of the path to this participant. It is safe from any goroutine.
func (p *Participant) Downlink() Downlink {
	if path := p.path.Load(); path != nil {
		return path.state()
	}
	return Downlink{}
}

// overloaded says that what is sent now is far too much for the path: it must not go on until a keyframe comes.
func (l *subscribeLeg) overloaded(now, next *upTrack) bool {
	if l.path == nil || now == nil || next == nil || now.source != next.source || next.layer >= now.layer {
		return false
	}
	return l.path.known.Load() && 2*now.meter.rate > 3*media.Bitrate(l.path.target.Load())
}

// limit is the layer that a slot may get of the one that it wants.
func (s *share) limit(slot, wanted int) int {
	return min(wanted, int(s.layers[slot]))
}
