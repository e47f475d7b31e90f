package alloc

import (
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

// Class is how important a video slot is.
type Class uint8

// The classes, the most important first.
const (
	// Share keeps its sharpness: its frame rate falls first.
	Share Class = iota
	// Stage keeps its motion: its size falls first. It is the pinned one or the speaker.
	Stage
	// Tile is one of many; their order is that of the slots.
	Tile
)

const (
	// MaxLayers and MaxTemporal bound a source.
	MaxLayers   = 3
	MaxTemporal = 4
	// LowData is the whole budget of the low-data mode.
	LowData media.Bitrate = 150_000
)

// Layer is one encoding of a source.
type Layer struct {
	// Rates are the measured rates with one, two, ... temporal layers, each with those below it; 0 ends them. None: the
	// layer is not sent.
	Rates [MaxTemporal]media.Bitrate
}

// Slot is a video slot that has something to show.
type Slot struct {
	// Occupant tells occupants apart: a new one begins without waiting.
	Occupant uint64
	Class    Class
	// Layers are those that the slot's size has a use for, the smallest first.
	Layers [MaxLayers]Layer
	// Still is what a picture now and then costs, where a share can be cut to its keyframes; 0: it cannot.
	Still media.Bitrate
}

// Input is all that a decision depends on.
type Input struct {
	Budget media.Bitrate
	// Slots are in their order; one whose Occupant is 0 is empty.
	Slots []Slot
	// Voices are the rates of the audio that is heard, the most important first, without redundancy; Redundancy is what
	// that adds to all of them.
	Voices     []media.Bitrate
	Redundancy media.Bitrate
	// Congested says that packets are lost because the path is full.
	Congested bool
	// LowData is the subscriber's wish to spend little.
	LowData bool
}

// Target is what a slot gets.
type Target struct {
	// Layer is -1 for nothing.
	Layer int
	// Temporal counts temporal layers from 0.
	Temporal int
	// Still: keyframes only.
	Still bool
}

// Paused is the target of a slot that gets nothing.
var Paused = Target{Layer: -1}

// Result is a decision.
type Result struct {
	// Targets are per slot; they are valid until the next decision.
	Targets []Target
	// Voices is how many of the voices are sent; Redundancy whether it is.
	Voices     int
	Redundancy bool
	// Used is what all this costs, Wish what everything would, with the margin that a rise needs.
	Used, Wish media.Bitrate
}

const (
	// headroom is what must be free beyond the cost of a rise, so that an estimate's noise does not take it back.
	headroom = 1.1
	// riseAfter is how long there must be room for a rise; after a fall it is longer, and doubles while rises are taken
	// back soon, unless the room is this many times what is needed.
	riseAfter   = 500 * time.Millisecond
	plenty      = 1.18
	fallenAfter = 2 * time.Second
	// wished is the margin of the wish: enough for plenty.
	wished   = 1.2
	maxFlaps = 2
	flapSpan = 10 * time.Second
	calmSpan = 30 * time.Second
)

// slot is what is remembered of one slot.
type slot struct {
	occupant uint64
	rungs    ladder
	// held is the rung of the last decision, -1 for none; level the one being decided.
	held, level int
	// fits is since when there has been room for a rise, never for not.
	fits   time.Duration
	roomy  bool
	rose   time.Duration
	fell   time.Duration
	fallen bool
	flaps  int
	// waiting says that it could rise but for patience; reserved is what the rise will cost.
	waiting  bool
	reserved media.Bitrate
}

// Allocator decides for one subscriber. The zero value is ready.
type Allocator struct {
	slots   []slot
	targets []Target
	audio   audio
	// of the decision being made
	now            time.Duration
	budget         media.Bitrate
	used, reserved media.Bitrate
}

// Decide shares the budget out.
func (a *Allocator) Decide(now time.Duration, in *Input) Result {
	a.now, a.budget, a.used, a.reserved = now, in.Budget, 0, 0
	if in.LowData {
		a.budget = min(a.budget, LowData)
	}
	a.prepare(in)
	res := Result{}
	res.Voices, res.Redundancy, a.used = a.audio.decide(now, a.budget, in)
	full := a.audio.full
	a.share(in)
	a.settle()
	for i := range a.slots {
		s := &a.slots[i]
		if s.occupant == 0 {
			continue
		}
		if n := s.rungs.n; n > 0 {
			full += s.rungs.at[n-1].cost
		}
		if s.level >= 0 {
			a.targets[i] = s.rungs.at[s.level].target
		}
	}
	res.Targets, res.Used, res.Wish = a.targets, a.used, media.Bitrate(wished*float64(full))
	if in.LowData {
		res.Wish = min(res.Wish, LowData)
	}
	return res
}

// prepare makes the ladders.
func (a *Allocator) prepare(in *Input) {
	for len(a.slots) < len(in.Slots) {
		a.slots = append(a.slots, slot{held: -1})
		a.targets = append(a.targets, Paused)
	}
	a.slots, a.targets = a.slots[:len(in.Slots)], a.targets[:len(in.Slots)]
	for i := range in.Slots {
		s := &a.slots[i]
		if s.occupant != in.Slots[i].Occupant {
			*s = slot{occupant: in.Slots[i].Occupant, held: -1}
		}
		before := a.targets[i]
		if s.held < 0 {
			before = Paused
		}
		s.rungs.build(&in.Slots[i], in.LowData)
		s.held = s.rungs.find(before)
		s.level, s.waiting, s.reserved = -1, false, 0
		a.targets[i] = Paused
	}
}

// share climbs in the order of importance: a picture of the share and of the stage, all of the share, a good picture of
// the stage, a picture in each tile, all of the stage, then the tiles step by step.
func (a *Allocator) share(in *Input) {
	a.each(in, Share, 1)
	a.each(in, Stage, 1)
	a.each(in, Share, maxRungs)
	a.each(in, Stage, goodRungs)
	a.each(in, Tile, 1)
	a.each(in, Stage, maxRungs)
	for n := 2; n <= maxRungs; n++ {
		a.each(in, Tile, n)
	}
}

// each lets the slots of a class climb to their n-th rung.
func (a *Allocator) each(in *Input, c Class, n int) {
	for i := range a.slots {
		if in.Slots[i].Class == c && in.Slots[i].Occupant != 0 {
			a.climb(&a.slots[i], n)
		}
	}
}

// climb takes the highest of the first n rungs that there is room for: those that are held need just their cost, a higher
// one needs headroom and patience. While it waits, nothing less important may rise into its room.
func (a *Allocator) climb(s *slot, n int) {
	a.reserved -= s.reserved
	s.reserved = 0
	want, take := s.level, s.level
	for to := s.level + 1; to < min(n, s.rungs.n); to++ {
		cost := a.used + s.cost(to) - s.cost(s.level)
		switch {
		case to <= s.held && cost <= a.budget:
			want, take = to, to
		case to > s.held && room(to)*float64(cost+a.reserved) <= float64(a.budget):
			want = to
		}
	}
	if want > take && a.patient(s, a.used+a.reserved+s.cost(want)-s.cost(s.level)) {
		take = want
	}
	a.used += s.cost(take) - s.cost(s.level)
	s.reserved = s.cost(want) - s.cost(take)
	a.reserved += s.reserved
	s.level = take
	s.waiting = want > take
}

// room is the headroom that a rise to a rung needs: none for the first, since any picture is better than none.
func room(to int) float64 {
	if to == 0 {
		return 1
	}
	return headroom
}

func (s *slot) cost(level int) media.Bitrate {
	if level < 0 {
		return 0
	}
	return s.rungs.at[level].cost
}

// patient says whether there has been room for a rise for long enough. Where there is room in plenty, what was taken
// back before proves nothing.
func (a *Allocator) patient(s *slot, need media.Bitrate) bool {
	if s.held < 0 && !s.fallen {
		return true // it has shown nothing yet
	}
	if !s.roomy {
		return false
	}
	wait := riseAfter
	switch {
	case !s.fallen || a.now-s.fell >= calmSpan || float64(a.budget) >= plenty*float64(need):
	case s.held < 0:
		wait = fallenAfter
	default:
		wait = fallenAfter << s.flaps
	}
	return a.now-s.fits >= wait
}

// settle remembers what was decided.
func (a *Allocator) settle() {
	for i := range a.slots {
		s := &a.slots[i]
		room := s.waiting || s.level > s.held
		switch {
		case !room:
			s.roomy = false
		case !s.roomy:
			s.roomy, s.fits = true, a.now
		}
		switch {
		case s.level > s.held:
			s.rose = a.now
			s.roomy = false
		case s.level < s.held:
			if s.rose > 0 && a.now-s.rose < flapSpan {
				s.flaps = min(s.flaps+1, maxFlaps)
			}
			s.fell, s.fallen = a.now, true
		case s.fallen && a.now-s.fell > calmSpan:
			s.fallen, s.flaps = false, 0
		}
		s.held = s.level
	}
}
